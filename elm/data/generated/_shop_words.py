"""The words of the demo shop: what its products are, each fact in two wordings.

As in the films' world, teachers write the first wording of a fact and a product's own texts, the source of its vector,
say the second. No value holds the word of a category, so that a text names a category only where it states one.
"""

from __future__ import annotations

# what it is | the same in other words | the categories that it is mostly sold in
_THINGS = """
a folding kettle | a collapsible vessel for boiling water | Kitchen, Travel
a wok | a deep round pan for stir-frying | Kitchen
a bread knife | a serrated blade for slicing loaves | Kitchen
a waffle maker | an appliance that bakes crisp batter squares | Kitchen
a coffee grinder | a mill for roasted beans | Kitchen
a spice rack | a shelf for jars of seasoning | Kitchen, Crafts
a watering can | a sprinkler carried to the flower beds | Garden
a wheelbarrow | a one-wheeled cart for soil and stones | Garden, Workshop
a hedge trimmer | a cutter that shapes bushes | Garden, Workshop
a birdhouse | a nesting box for sparrows | Garden, Pets
a hammock | a hanging bed slung between trees | Garden, Camping
a sleeping bag | a quilted sack for nights outdoors | Camping
a hiking stick | a walking pole for mountain trails | Camping, Sports
a dome tent | an igloo-shaped shelter of poles and cloth | Camping
a portable stove | a small burner for cooking in the wild | Camping, Kitchen
a suitcase | a trolley case for luggage | Travel
a neck pillow | a cushion for napping on aeroplanes | Travel
a passport holder | a sleeve for identity papers | Travel, Fashion
a money belt | a waist pouch that hides cash | Travel, Fashion
a desk chair | a swivelling seat for clerks | Office
a fountain pen | a nib that writes with ink | Office, Crafts
a paper shredder | a machine that cuts documents into strips | Office, Electronics
a wall calendar | a sheet of months to hang up | Office
a letter opener | a blunt dagger for envelopes | Office
a shower head | a nozzle that rains warm water | Bathroom
a bath mat | a rug to step on when wet | Bathroom
a soap dispenser | a pump for liquid hand wash | Bathroom
an electric toothbrush | a motor-driven bristle for the teeth | Bathroom, Electronics
a laundry basket | a hamper for dirty clothes | Bathroom
a cradle | a rocking bed for a newborn | Nursery
a stroller | a pushchair for infants | Nursery, Travel
a teething ring | a chewable loop for sore gums | Nursery, Toys
a high chair | a raised seat for feeding toddlers | Nursery
a dog leash | a lead for walking the hound | Pets
a cat tree | a climbing tower for felines | Pets
an aquarium | a tank where goldfish swim | Pets, Lighting
a hamster wheel | a running drum for small rodents | Pets, Toys
a yoga mat | a roll-out pad for stretching | Sports
a rowing machine | an indoor trainer for pulling oars | Sports
a skipping rope | a cord for jumping exercise | Sports, Toys
a tennis racket | a strung bat for hitting balls over a net | Sports
a bicycle helmet | a hard hat for cyclists | Sports, Fashion
a cordless drill | a handheld tool for boring holes | Workshop
a tool chest | a cabinet for spanners and pliers | Workshop
a step ladder | a set of rungs for reaching high places | Workshop, Garden
a sawhorse | a trestle for cutting planks | Workshop
a ukulele | a four-stringed Hawaiian instrument | Music
a metronome | a ticking keeper of tempo | Music
a record player | a turntable for vinyl albums | Music, Electronics
a harmonica | a mouth organ for the blues | Music, Travel
a floor lamp | a tall standing bulb for the living room | Lighting
a string of lanterns | a garland of paper globes | Lighting, Garden
a headlamp | a beam strapped to the forehead | Lighting, Camping
a jigsaw puzzle | a picture cut into a thousand pieces | Toys
a kite | a flying sail on a line | Toys, Sports
a dollhouse | a miniature home with tiny rooms | Toys, Nursery
a sun hat | a wide brim against the heat | Fashion, Garden
an umbrella | a canopy held up in showers | Fashion, Travel
a wristwatch | a timepiece worn on the arm | Fashion, Electronics
a pair of headphones | speakers worn over the ears | Electronics, Music
a security camera | a surveillance lens for the front door | Electronics
a sewing machine | a stitcher with bobbin and thread | Crafts
a pottery wheel | a spinning disc for shaping pots | Crafts
a sketchbook | a bound pad for drawing | Crafts, Office
"""


def _rows(block: str) -> list[list[str]]:
    return [[part.strip() for part in line.split("|")] for line in block.strip().splitlines()]


THINGS = {first: second for first, second, _ in _rows(_THINGS)}
"""What a product is."""

HOMES = {first: tuple(kinds.split(", ")) for first, _, kinds in _rows(_THINGS)}
"""The one or two categories that such a thing is mostly found in."""


def _pairs(block: str) -> dict[str, str]:
    return {row[0]: row[1] for row in _rows(block)}


FINISHES = _pairs("""
brushed copper | rubbed reddish metal
smoked oak | timber darkened over a fire
mirror chrome | plating as bright as a looking glass
blue enamel | a glassy azure coat
tartan check | a Highland plaid
white marble | pale veined stone
woven bamboo | plaited Asian cane
black leather | dark tanned hide
recycled denim | cloth from worn-out jeans
green velvet | plush fabric of an emerald shade
polka dots | a pattern of round spots
zebra stripes | a black-and-white safari coat
cherry-blossom print | Japanese spring flowers
camouflage print | army-style disguise colours
Art Deco lines | geometry of the 1920s
Bauhaus style | the plain look of German modernism
mother-of-pearl inlay | shimmering seashell set into the surface
gold leaf | a thin gilded layer
frosted glass | cloudy translucent panes
natural cork | bark from Portuguese trees
pink rubber | stretchy rose-coloured latex
carbon fibre | the dark composite of racing cars
silver filigree | delicate twisted wire
raw terracotta | baked orange clay
grey felt | pressed ashen fleece
rainbow colours | all the hues of the spectrum
graffiti art | spray-paint lettering from the street
nautical stripes | a sailor's navy-and-white pattern
hammered brass | dented yellow metal
rusted steel | oxidised iron
braided hemp | twisted plant rope
Delft porcelain | Dutch blue-and-white china
neon yellow | glaring fluorescent lemon
matt black | a shineless coal-dark coat
antique lace | old openwork threads
snakeskin print | a reptile scale pattern
leopard spots | a big-cat pattern
faux fur | fluffy imitation pelt
quilted satin | padded silky cloth
raw aluminium | an unpainted pale alloy
red lacquer | glossy Chinese varnish
tie-dye swirls | hippie spirals of colour
floral chintz | an English cottage flower motif
checkerboard squares | the grid of a chess table
tropical palms | a beach-holiday leaf motif
starry-sky print | constellations on midnight blue
comic-book panels | cartoon drawings of superheroes
world-map print | continents and oceans drawn all over
pixel art | blocky pictures from early video games
steampunk gears | Victorian cogs and rivets
cable-knit wool | thick Aran stitches
coarse burlap | rough jute sacking
origami folds | creases in the Japanese paper manner
Moroccan mosaic | tiny coloured stones from Marrakesh
Viking runes | Norse letters carved in rows
Gothic arches | pointed cathedral tracery
peacock feathers | plumes with blue-green eyes
stained glass | coloured church-window panes
clear acrylic | see-through plexiglas
bleached driftwood | branches washed up by the sea
honeycomb mesh | hexagonal netting
silver glitter | sparkling sequins
""")
"""What a product is made of, or how it looks."""

FEATURES = _pairs("""
a hidden compartment | a secret drawer inside
a solar panel | cells that charge in sunshine
a voice assistant | spoken commands that it obeys
a lifetime guarantee | a promise of free repairs for ever
a magnetic clasp | a fastener that snaps shut by attraction
a built-in compass | a needle that points north
a detachable handle | a grip that comes off
a fingerprint lock | biometric access for one thumb
a childproof latch | a catch that little hands cannot open
a refillable cartridge | an insert to be topped up again
a wireless charger | a spot that powers phones without cables
a cooling fan | a small rotor that blows fresh air
a heated surface | a plate that warms up
a rain cover | a hood against downpours
a hand crank | a lever turned to make current
a countdown timer | a clock that beeps at zero
a bottle opener | a notch for lifting beer caps
a shoulder strap | a sling for carrying across the body
a telescopic pole | a rod that extends in sections
a suction base | a foot that clings to smooth tiles
an anti-slip sole | a bottom that never skids
a glow-in-the-dark rim | an edge that shines at night
a built-in radio | a receiver for broadcasts
a smartphone app | control from a mobile screen
a scent diffuser | a fragrance that it gives off
a mosquito net | a veil against biting insects
a pop-up mirror | a reflector that springs out
a cup holder | a ring for a drink
a kickstand | a prop that folds out
a water filter | a purifier for the tap
a hard-shell case | a stiff box to store it in
a burglar alarm | a siren against thieves
a GPS tracker | a satellite locator
a thermal lining | insulation that keeps the heat in
an adjustable height | legs that go up and down
a remote control | buttons pressed from across the room
a digital display | a panel of glowing numbers
a memory-foam core | padding that remembers your shape
a USB port | a socket for data sticks
a foot pedal | a treadle pushed with the toes
a spring mechanism | a coil that bounces back
a personal engraving | your own name cut into it
a gift box | a wrapped package with a ribbon
a recipe booklet | pages of dishes to cook
a puncture repair kit | patches and glue for leaks
a hanging hook | a curved peg for suspending it
a row of air vents | slits that let it breathe
a measuring scale | ruler marks along the side
a swivel joint | a hinge that rotates all round
a trio of nested sizes | a small, a medium and a large one stacked together
a shatterproof coating | a shell that never cracks
a fire-resistant layer | protection from flames
a built-in air pump | a blower that inflates it
a rechargeable torch | a flashlight that plugs in
a handlebar mount | a clamp for riding with it
a snooze button | a key for ten more minutes of sleep
a packet of wildflower seeds | meadow blossoms to sow
a charity donation | money for good causes with each sale
a trade-in offer | cash back for your old one
a magnifying lens | a loupe for tiny details
a motion sensor | a detector that notices movement
an emergency whistle | a shrill pipe for calling help
a coin slot | an opening for small change
""")
"""What stands out about a product, or comes with it."""

_KINDS = """
Kitchen | kitchen | cooking and baking
Garden | garden | lawns and flower beds
Camping | camping | nights in the wilderness
Travel | travel | tourists and holidays
Office | office | secretaries and paperwork
Bathroom | bathroom | washing and hygiene
Nursery | baby | infant care
Pets | pet | domestic animals
Sports | sports | athletics and fitness
Workshop | workshop | do-it-yourself repairs
Music | music | bands and singers
Lighting | lighting | lamps and bulbs
Toys | toy | playthings for children
Fashion | fashion | wardrobes and outfits
Electronics | electronics | gadgets and circuits
Crafts | craft | hobbies and handiwork
"""
KIND_WORDS = {kind: word for kind, word, _ in _rows(_KINDS)}
"""How a category is written inside a sentence: "a pet and toy product"."""

KIND_TEXTS = {kind: words for kind, _, words in _rows(_KINDS)}
"""How a product's own texts name its category."""

# quality -> (strong, in part), twice: what teachers write, what the product's own texts say
QUALITY_WORDS = {
    "sturdy": (("extremely sturdy", "fairly sturdy"), ("built like a tank", "solid enough")),
    "lightweight": (("amazingly lightweight", "rather lightweight"), ("weightless as a feather", "not too heavy")),
    "stylish": (("strikingly stylish", "modestly stylish"), ("a true head-turner", "pleasant to look at")),
    "quiet": (("wonderfully quiet", "mostly quiet"), ("without the slightest noise", "humming softly")),
    "easy_to_clean": (
        ("effortless to clean", "simple enough to clean"),
        ("spotless after one wipe", "washable with some scrubbing"),
    ),
    "good_value": (
        ("superb value for money", "decent value for money"),
        ("an unbeatable bargain", "acceptably priced"),
    ),
    "eco_friendly": (("thoroughly eco-friendly", "partly eco-friendly"), ("kind to the planet", "half recyclable")),
    "easy_to_use": (
        ("delightfully easy to use", "reasonably easy to use"),
        ("clear without a manual", "soon understood"),
    ),
}

MAKERS = """Halden Brindle Marrow Tansy Orsino Kestrel Quill Loxley Pemberton Varga Solvik Tamsin Drummond Ferrant
Ostara Wexcombe Birkdale Jorvik Calder Nimbus Arkwell Penhale Roswin Tolvane Mirefield Sandholt Ulverton Dovecote
Greywick Hartsong Ivyl Junipero Kelmarsh Lindqvist Morvane Norrland Oakhurst Pellworm Quarrier Ravensby Selwick Thornby
Umbra Vellacott Windrush Yarrow Zennor Ashgrove Blackmoor Cobblewood""".split()
MODELS = """\
Pebble Avalon Comet Juniper Falcon Mistral Breeze Atlas Clover Domino Ember Fjord Galley Harbinger Iris Jubilee
Karma Lumen Magpie Nomad Otter Pilot Quartz Rover Saffron Tundra Uplift Vista Willow Xenon Yonder Zephyr Acorn Bramble
Cascade Dapple Echo Finch Glimmer Heron Indigo Jasper Kindred Lark Meadow Nectar Opal Puffin Riddle Sonnet""".split()
TITLE_PATTERNS = (
    "{a} {b}",
    "The {b} by {a}",
    "{a} {b} Classic",
    "{a} {b} Plus",
    "{b} No. 5 from {a}",
    "{a} {b} Edition",
    "New {a} {b}",
    "{a}'s {b}",
    "{a} Little {b}",
    "{a} Grand {b}",
)
