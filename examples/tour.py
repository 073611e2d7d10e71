"""A tour of the Python door in five stops, offline, with the model that ships: python examples/tour.py"""

import textwrap

import elm

FILM, OTHER, USER = "f1814", "f863", "u244"  # the shipped model was trained on none of them


def show(heading: str, text: str) -> None:
    print(f"\n{heading}")
    for line in text.splitlines():
        print(textwrap.fill(line, 100, initial_indent="    ", subsequent_indent="    "))


def main() -> None:
    # The demo world is generated, so the facts behind each vector are known, and a reader can check every claim.
    world = elm.data.load("demo")
    assert world.facts is not None
    films = elm.model.shipped_vectors("films")  # 384 numbers per film, from texts about it
    users = elm.model.shipped_vectors("users")  # 64 numbers per user, from ratings alone

    # 1. A film in words. The model sees the vector, never the facts.
    show(f"The facts of {FILM}", elm.tasks.item_facts(world, FILM).line())
    show(f"What its vector says ({FILM})", elm.describe(films[FILM], "summary"))

    # 2. A user in words. A vector of another size goes to another adapter by itself.
    show(f"The profile of user {USER}", elm.describe(users[USER], "user_profile"))

    # 3. A place where no film is: halfway between two. On the sphere of a cosine space that is a step along an arc.
    halfway = elm.embeddings.interpolate(films[FILM], films[OTHER], 0.5, films.space)
    show(f"The facts of {OTHER}", elm.tasks.item_facts(world, OTHER).line())
    show(f"Halfway from {FILM} to {OTHER}", elm.describe(halfway, "summary"))

    # 4. A concept as a direction, fitted on the films that the model was trained on. Its AUC on some that are kept out
    #    of the fit says whether it is real: 0.5 would be chance.
    train = elm.data.split_entities(films.ids, validation=0.05, test=0.1, seed=0).train
    funny = elm.cav.fit(films.subset(train), {"funny": world.facts.items["funny"].loc[train]})["funny"]
    print(f"\nThe direction 'funny': AUC {funny.auc:.2f}, p = {funny.p_value:.3f}")

    # 5. A film moved along it and read back. One step is one standard deviation among real films.
    for amount in (-2, 0, 2):
        moved = funny.move(films[OTHER], amount)
        show(f"{OTHER}, funny {amount:+d}", elm.describe(moved, "positive_review"))


if __name__ == "__main__":
    main()
