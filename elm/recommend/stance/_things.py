"""What films of a genre are about, in words that do not name it: content for wishes, beside the genre's own name."""

from collections.abc import Mapping

THINGS: Mapping[str, tuple[str, ...]] = {
    "Action": ("car chases and explosions", "heroes who fight their way out", "shootouts and stunts", "fist fights on moving trains", "special agents blowing things up", "martial arts duels", "a lone cop against a gang", "bombs that must be defused in time"),
    "Adventure": ("treasure hunts in the jungle", "long journeys to unknown lands", "explorers and lost temples", "pirates and sea voyages", "quests across the desert", "daring expeditions", "swashbuckling heroes", "castaways on far islands"),
    "Animation": ("drawn characters", "cartoons", "talking animals drawn by hand", "hand-drawn fairy tales", "clay figures that move", "computer-made toys that come alive", "singing cartoon animals", "drawn pictures that move"),
    "Children": ("stories for little ones", "talking pets and magic toys", "what kids can watch with their parents", "lost puppies finding home", "schoolchildren and their clever dog", "orphans and kind nannies", "fairy tales for the young", "things for the whole family with small kids"),
    "Comedy": ("jokes and slapstick", "things that make me laugh", "silly misunderstandings", "gags and funny situations", "witty banter", "clumsy heroes", "pranks that go wrong", "laughs from start to end"),
    "Crime": ("mobsters and heists", "gangsters and bank robbers", "the mafia and its bosses", "drug dealers and corrupt cops", "prison and underworld stories", "con men", "detectives chasing thieves", "hit men with a code"),
    "Documentary": ("real people and true events on camera", "interviews and archive footage", "nature filmed as it is", "facts in place of fiction", "true stories told by those who were there", "reports on politics and society", "portraits of real musicians", "wildlife and science explained"),
    "Drama": ("serious stories about families falling apart", "people struggling with grief", "deep human conflicts", "stories of loss and forgiveness", "marriages in crisis", "moving fates", "illness and hard choices", "characters who must face their past"),
    "Fantasy": ("dragons and wizards", "magic and spells", "elves and enchanted forests", "mythical creatures", "magical kingdoms", "sorcerers and swords", "fairies and wishes that come true", "worlds where spells work"),
    "Film-Noir": ("private eyes and femmes fatales", "shadowy black-and-white stories of betrayal", "hard-boiled detectives in the rain", "cynical men in trench coats", "dark alleys of the forties", "doomed lovers and double crosses", "smoky bars and a fatal woman", "moody black-and-white murders"),
    "Horror": ("ghosts and haunted houses", "vampires and zombies", "slashers with knives", "things that make me scream", "demons and possessed children", "monsters in the dark", "blood and gore", "something creepy in the cellar"),
    "Musical": ("people bursting into song", "singing and dancing", "song and dance numbers", "Broadway shows on screen", "characters who sing their feelings", "tap dancing and big choruses", "catchy songs between the scenes", "chorus lines and show tunes"),
    "Mystery": ("whodunits", "puzzles and clues", "secrets to be solved at the end", "riddles around a disappearance", "a detective who finds the murderer", "strange events nobody can explain", "hidden pasts and missing persons", "who did it and why"),
    "Romance": ("love stories", "couples who fall in love", "kisses in the rain", "people finding the one", "weddings and broken hearts", "longing looks and love letters", "first love", "two strangers falling for each other"),
    "Sci-Fi": ("spaceships and aliens", "robots and the future", "time travel", "life on other planets", "androids and clones", "space battles", "future worlds and technology", "visitors from outer space"),
    "Thriller": ("suspense to the last minute", "a hunted man and a conspiracy", "edge-of-the-seat tension", "psychopaths and their victims", "kidnappings and blackmail", "cat-and-mouse games", "spies and assassins", "twists that keep me guessing"),
    "War": ("soldiers in the trenches", "battles and generals", "Vietnam and its soldiers", "the front in 1944", "tanks and bombers", "comrades under fire", "the Second World War", "prisoners behind enemy lines"),
    "Western": ("cowboys and gunslingers", "outlaws and sheriffs", "duels at noon", "horses, saloons and the frontier", "ranchers and cattle drives", "stagecoach robberies", "bounty hunters in the prairie", "settlers of the old West"),
}  # fmt: skip
"""Genre of MovieLens -> phrases. Of other genres only the name is said."""
