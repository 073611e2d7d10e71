"""The words of the demo world: what its films are about, each fact in two wordings.

The first wording of a fact is what teachers write; the second is what a film's own texts, the source of its vector,
say. So a model cannot pass by carrying words over: it has to know that both name one fact.
"""

from __future__ import annotations


def _pairs(block: str) -> dict[str, str]:
    rows = (line.split(" | ") for line in block.strip().splitlines())
    return {first.strip(): second.strip() for first, second in rows}


SETTINGS = _pairs("""
a lighthouse island | a lonely rock with a beacon at sea
a desert oil town | a dusty settlement among oil derricks
an arctic weather station | a meteorological outpost in the polar ice
a floating market | a bazaar of boats on a river
a Venetian palazzo | a crumbling palace on the canals of Venice
an underground city | a metropolis dug beneath the earth
a mountain monastery | a cloister high among the peaks
a prairie farm | a homestead on the open plains
an orbital shipyard | a dockyard circling above the planet
a seaside boarding house | cheap lodgings by the beach
a Tokyo arcade | a game hall in the Japanese capital
a coal mining village | a hamlet that lives from the pit
a jungle field hospital | a makeshift clinic in the rainforest
a travelling circus | a big top that moves from town to town
a Paris rooftop | the tiles and chimneys above the French capital
a sunken cathedral | a drowned church on the lake bed
a night train | an express rolling through the dark
a rural radio station | a small broadcaster out in the country
a Cairo bazaar | the old souk of the Egyptian capital
an abandoned amusement park | a derelict fairground
a glass skyscraper | a gleaming office tower
a Scottish castle | an ancient Highland keep
a swamp shack | a hut in the bayou
a lunar colony | the first settlement on the moon
a boarding school | a strict academy where pupils sleep in dormitories
a whaling ship | an old vessel that hunts in cold seas
a Mumbai film studio | a sound stage in India's busiest city
a ski resort | a snowbound hotel for winter sports
an orange grove | rows of citrus trees in the valley
a medieval marketplace | a town square of the Middle Ages
a frontier trading post | a store at the edge of the settled land
a divided Berlin street | a lane cut in two by the wall
a botanical greenhouse | a hothouse full of rare plants
a chess academy | a school for grandmasters
a vineyard estate | a wine-growing manor
a refugee ferry | a crowded boat of displaced families
a Havana dance hall | a ballroom in the Cuban capital
a rain-soaked suburb | wet streets of commuter houses
a volcano observatory | a research post on the crater's rim
an antique clock shop | a dealer in old timepieces
a deep-sea laboratory | a research base on the ocean floor
a prison library | the reading room of a penitentiary
a royal kitchen | the cookhouse of a palace
a highway diner | a roadside eatery for truckers
a frozen fjord | an ice-locked Norwegian inlet
a library of maps | an archive of old charts
a hilltop observatory | a telescope dome above the town
an opera backstage | the wings and dressing rooms behind a grand stage
a bamboo forest | a grove of tall green canes
a bus depot | a garage where coaches are parked
a tea plantation | terraces of tea bushes
a parliament cellar | vaults under the house of government
a robot factory | an assembly line of machines that think
a salt desert | a blinding white plain without water
a harbour tavern | a sailors' pub on the docks
a suburban shopping mall | a shopping centre at the edge of the city
a windmill village | a Dutch hamlet of turning sails
a casino hotel | a gambling palace with rooms upstairs
an airship | a dirigible crossing the clouds
a cave monastery | a hermitage carved into the cliff
""")

PROTAGONISTS = _pairs("""
a retired boxer | an ageing prizefighter
a shy librarian | a timid keeper of books
a runaway prince | an heir to the throne in hiding
a night nurse | a hospital carer on the late shift
a disgraced detective | an investigator thrown off the force
a young inventor | a teenage tinkerer full of ideas
a widowed baker | a bread-maker who lost a spouse
a stubborn postman | a letter carrier who never gives up
a blind pianist | a keyboard virtuoso without sight
a smuggler captain | a skipper of contraband cargo
a rookie astronaut | a space pilot on the first flight
a veteran teacher | a schoolmaster of forty years
a street magician | a conjurer working the pavements
a farm girl | a daughter of tenant farmers
a tax inspector | an auditor of the revenue office
a stunt driver | a wheelman for the movies
a lonely beekeeper | a solitary minder of hives
a failed novelist | a writer nobody reads
a teenage hacker | a schoolkid who breaks into computers
a village priest | a country clergyman
a mountain guide | an alpine climber for hire
a homesick soldier | a conscript who misses home
a museum guard | a watchman among old paintings
a court jester | a fool in the service of a king
a taxi driver | a cabbie
a marine biologist | a scholar of sea creatures
an orphaned twin | a sibling raised in a foundling home
a puppet maker | a carver of marionettes
a ballet dancer | a prima ballerina
a bankrupt banker | a financier who lost everything
a battlefield photographer | a camera reporter of battlefields
a fortune teller | a reader of palms and cards
a lighthouse keeper | a tender of the lamp
a gentle giant | a kind man of enormous size
a jazz trumpeter | a brass player from the clubs
a cattle rancher | an owner of longhorn herds
a ship's cook | a galley chef
a clumsy spy | a secret agent who trips over everything
a rebel princess | a king's daughter turned insurgent
a tired judge | a magistrate weary of the bench
a deaf sculptor | a stone carver who cannot hear
a toy repairman | a mender of dolls and trains
a pickpocket | a light-fingered thief
a city gardener | a grower of urban parks
a stand-in actor | an understudy waiting in the wings
a bridge engineer | a builder of spans
a grieving father | a dad mourning his boy
a young lawyer | an attorney fresh from school
an old fisherman | a weathered net-hauler
an exiled general | a banished commander
an android butler | a mechanical manservant
an ambitious chef | a cook hungry for stars
an immigrant tailor | a newcomer who sews suits
an amateur astronomer | a backyard stargazer
an elderly countess | a noblewoman of eighty
an escaped convict | a fugitive from jail
an insomniac doctor | a physician who cannot sleep
an honest mechanic | a garage hand who never cheats
an undercover reporter | a journalist under a false name
an unlucky gambler | a bettor on a losing streak
""")

CONFLICTS = _pairs("""
a stolen inheritance | a fortune taken from its rightful heirs
a forbidden friendship | a companionship that the elders outlaw
a deadly outbreak | a plague that spreads by the hour
a rigged election | a vote that was bought
a lost letter | a message that never arrived
a family feud | a quarrel between two clans
a treasure hunt | a race for buried gold
a wrongful conviction | a sentence for a deed never done
a looming flood | waters that rise towards the town
a secret twin | a double nobody knew of
a broken promise | a vow that was not kept
a hostage standoff | captives held behind barred doors
a haunted past | old ghosts that will not rest
a corporate cover-up | a company hiding what it did
a failing harvest | crops that wither in the field
a kidnapped heir | a young successor held for ransom
a championship match | a final bout for the title
a doomed expedition | a journey that no one should have begun
a mutiny | a crew rising against its captain
a vanished village | a whole community gone overnight
a memory that fades | a mind losing its yesterdays
a machine rebellion | computers that turn on their makers
a blackmail plot | compromising pictures and a price
a marriage of convenience | a wedding for papers only
a long siege | months behind surrounded walls
a perfect heist | a flawless robbery
a cursed painting | a canvas that brings bad luck
a royal succession | a struggle over an empty throne
a custody battle | parents fighting in court over a daughter
a buried secret | a truth hidden under the floor
a hunted witness | someone who saw too much and must run
a race against time | a clock that leaves one day
a betrayal among friends | a comrade who sells the others out
a missing sister | a sibling who did not come home
a mistaken identity | a stranger taken for somebody else
a strike at the factory | workers laying down their tools
a stranded crew | sailors marooned far from help
a poisoned river | a stream turned toxic
a talent contest | a competition before a merciless jury
a revenge pact | an oath to pay back an old wrong
a smuggled manuscript | forbidden pages carried over the border
a time loop | the same day again and again
a village eviction | families driven from their homes
a diamond forgery | fake jewels in the vault
a masked avenger | a hooded figure punishing the guilty
a tunnel collapse | diggers trapped by fallen rock
a diplomatic scandal | an embarrassment between two embassies
a hidden camera | a lens that records everything
a snowbound murder | a killing while the roads are closed
a first contact | visitors from another star
a dangerous experiment | research that should have been stopped
an impossible bet | a wager that cannot be won
an arranged duel | pistols at dawn
an ancient prophecy | words of an old seer coming true
an endless winter | a cold season without a spring
an unfinished symphony | a score whose last movement is missing
an inherited debt | money owed by the dead
an invisible enemy | a foe that nobody can see
an alien signal | a transmission from deep space
an unexpected baby | a newborn left on the doorstep
""")

GENRE_WORDS = {
    "Action": "action",
    "Adventure": "adventure",
    "Animation": "animated",
    "Children": "children's",
    "Comedy": "comedy",
    "Crime": "crime",
    "Documentary": "documentary",
    "Drama": "drama",
    "Fantasy": "fantasy",
    "Film-Noir": "film noir",
    "Horror": "horror",
    "Musical": "musical",
    "Mystery": "mystery",
    "Romance": "romance",
    "Sci-Fi": "science fiction",
    "Thriller": "thriller",
    "War": "war",
    "Western": "western",
}
"""How a genre is written inside a sentence: "an animated science fiction film"."""

# attribute -> (strong, in part), twice: what teachers write, what the film's own texts say
ATTRIBUTE_WORDS = {
    "funny": (("very funny", "often funny"), ("hilarious", "good for a few laughs")),
    "frightening": (("truly frightening", "a little frightening"), ("terrifying", "somewhat scary")),
    "thought_provoking": (
        ("deeply thought-provoking", "quietly thought-provoking"),
        ("full of big ideas", "with something to ponder"),
    ),
    "romantic": (("wonderfully romantic", "mildly romantic"), ("a great love story", "with a touch of courtship")),
    "violent": (("brutally violent", "violent at times"), ("drenched in blood", "with some fights")),
    "uplifting": (("hugely uplifting", "gently uplifting"), ("a tale that lifts the heart", "hopeful in the end")),
    "dark": (("relentlessly dark", "rather dark"), ("bleak and grim", "gloomy in mood")),
    "fast_paced": (("breathlessly fast-paced", "fairly fast-paced"), ("rushing from scene to scene", "brisk in tempo")),
}

TITLE_FIRST = """Silent Crimson Last Hidden Golden Broken Distant Hollow Burning Electric Velvet Paper Midnight Winter
Salt Iron Glass Wild Borrowed Second Secret Restless Northern Blue Scarlet Quiet Stolen Forgotten Bright Ashen Silver
Wandering Lonely Crooked Savage Gentle Amber Painted Frozen Drifting Copper Thirteenth Vanishing Patient Reckless
Sleeping Emerald Tender Violet Final""".split()
TITLE_SECOND = """River Orchard Signal Kingdom Harbour Letter Garden Station Horizon Mirror Lantern Voyage Promise Echo
Bridge Compass Carnival Shadow Feast Engine Sparrow Castle Summer Machine Portrait Winter Tide Shore Ballad Crown Road
Stranger Window Island Storm Witness Season Canyon Parade Clock Tower Anthem Meadow Fable Cathedral Tiger Wedding
Passage Verdict Fire""".split()
TITLE_PATTERNS = (
    "The {a} {b}",
    "{a} {b}",
    "A {a} {b}",
    "{b} of the {a}",
    "{b} in {a} Light",
    "The {b} and the {a}",
    "{a} {b} Rising",
    "Beyond the {a} {b}",
    "One {a} {b}",
    "Return to {a} {b}",
)
