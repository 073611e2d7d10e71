"""English words that come up in any text: one of them alone gives no title away."""

from __future__ import annotations

_ENDINGS = (
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("d", ""),
    ("ed", ""),
    ("ied", "y"),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("er", ""),
    ("er", "e"),
    ("est", ""),
)


def is_common(word: str) -> bool:
    """True for a frequent English word, in small letters, or an inflected form of one.

    >>> is_common("heat"), is_common("stories"), is_common("shawshank")
    (True, True, False)
    """
    if word in COMMON:
        return True
    stems = (word.removesuffix(ending) + stem for ending, stem in _ENDINGS if word.endswith(ending))
    return any(len(stem) > 1 and stem in COMMON for stem in stems)


COMMON = frozenset(
    """
abandoned ability able about above absence academic accept access accident according account accused achieve acoustic
acquired across act action active activity actor actress actual ad adaptation adapted addition additional address
admit adopted adult advance advantage adventure advertising advice affair affected afraid after afternoon afterwards
again against age agency agent ago agree ahead aid aim air airport album alcohol alien alive all alliance allow almost
alone along alongside already also alternate alternative although always am amateur amazing among amount an ancient
angel angle angry animal animated another answer anti any anymore anyone anything anyway anywhere apart apartment
apparent appeal appear appearance application apply approach appropriate approximately april architect are area aren
arm army around arranged arrangement arrest arrival arrived art artist artistic as aside ask aspects assault assembly
assigned assist assistant associated association assumed at attached attack attempt attend attention attic attorney
attracted audience audio august aunt author authority autumn available average avoid awards aware away baby bachelor
back background bad bag balance ball band bank bar bare base baseball basement basic basis basketball bass battery
battle be beach bear beast beat beautiful beauty became because become bedroom been before began begin beginning begun
behalf behavior behind belief believe bell below belt bench beneath benefit bent besides best bet better between
beyond big biggest birds birth birthday bit bite black blind block blood bloody blow blue board boat body bomb bond
bone bonus book border born boss both bottle bottom bought bound bow box boy brain brand break breath brick bridge
brief bright bring broad broadcast broke broken bronze brother brought brown budget build built burglar buried burn
bus business businessman busy but button buy by cabinet cable call came camera camp campaign campus can cancer
candidate candle cannot canyon cap capable capacity captain capture car care careful carnival carry case cash cast
castle cat catch category caught cause ceiling celebrated cell cellar cemetery center central century certain chain
chair challenge champion championship chance change channel character characteristics charge chart chase check
chemical chemistry chief child childhood children chimney chin choice choir choose chose chosen church cinema circle
circuit circumstances circus citizens city civil civilian claim clan class classic classical classification clean
clear cliff climate clock close clown club clue co coach coal coast coat code coffee cold collaboration collection
college colony color colour com combat combination combined come comedy comfortable comic command committed common
communication community company compared compete competition complete complex components composer computer concept
concern concert condition confirmed conflict confused confusion connected connection conservative consider
considerable constant constructed construction contact contain contemporary content contest context continue contract
contrast contributed contribution control controlled controversial conversation convinced cool copy core corner
corporate corporation correct cost cotton couch could couldn count country couple courage course court cousin cover
crash crazy create creation creative creature credit crew crime criminal crisis critic critical criticism cross crowd
cry crystal cultural culture cup current customers cut cutting da daily damage damn dance danger dangerous dark
darkness data date daughter day de dead deal death debate debut decade december decide decision deck dedicated deep
defeat defense defined definitely definition degree del delivered demand demon department depending depth der describe
description desert design desire desk despite destiny destroy destruction detailed details detective determine develop
development device diameter diamond did didn die difference different difficult digital dinner direct direction
director dirty disappeared disc discovered discovery discuss disease display distance distant distinct distinguished
district do doctor documentary doesn dog doll dollars domestic dominated don done door double doubt down dozen dragon
drama draw drawn dream drink drive driven drop dropped drug drums dry du due duo during dust duty dying each ear
earlier earned earth easier easily easy eat edge edited editor educated education educational effect effective effort
eight either election electric electrical electronic element elephant eliminated else emergency emotional emotions
empire employees empty en enemy energy engaged engineer enjoy enough ensure enter entertainment entire entry
environment environmental equal equipment equipped equivalent era escape especially essential establish estate et etc
even event eventually ever every everyone everything evidence evil evolution ex exact example excellent except
exception exchange executed executive exist existence expect expedition expensive experience experimental expert
explain exposed expression extended extension extensive external extra extreme eye face facility fact factor factory
failed failure fair faith fall fallen false fame familiar family famous fan fantasy far farm fashion fast fat fate
father fault favor favorite fear feature february feed feel feet fell fellow felt female few fiction field fifteen
fifty fight figure file fill film final financial find fine finger finish fire firm first fish fit five fixed flash
flat flesh flight floor flow fly focus folk follow food foot football for force foreign forever forget forgotten form
format formula forth fortune forty forward fought found foundation four fourth frame franchise free freedom frequency
frequently fresh friday friend friendship from front frozen ft full fully fun function funeral funny further future
gain game gang gap garden gas gate gave gay gear gender general generation gently get getting ghost giant gift girl
girlfriend give given glad glance glass global go goal gold golden golf gone gonna good got gotten government grab
grabbed grace grade gradually graduate grand grandfather granted grave gray great green grew grey grip ground group
grow grown growth guard guess guest guide guilty guitar guitarist gun guy ha hadn hair half hall hallway hand handle
hang happen happy harbor harbour hard hat hate have haven he head health hear heart heat heaven heavily heavy height
held hell help hence her here heritage hero herself hey hidden hide high hill him himself hip hired his historical
history hit hockey hold hole holiday home honeymoon honor hop hope horror horse hospital host hot hotel hour house
household how however huge human hundred hung hunt hurt husband ice idea identify identity if ill illegal image
imagine immediate impact importance important impossible improve in inch incident include increase indeed independent
index indicate individual industrial industry influence influential information inhabitants initial injured inner
inside inspired installed instance instantly instead institution instrument insurance integrated intelligence intended
intense intention interest interior internal international internet intersection interview into introduced
introduction invasion investigation investment involved involvement involving iron is island isn issue it items itself
jack jacket january jazz job join joint journalist journey joy judge july jump june jungle jury just justice keep kept
key keyboards kick kid kill kind king kingdom kiss kitchen knee knew knife knocked know knowledge known la lab label
labor lack lady lagoon laid lake lamp land landscape language lantern lap large largest last late latest latter laugh
launch law lawyer lay lead league leaning learn least leather leave led left leg legal legend length less let letter
letting level liberty license lie life lifetime lift light lighthouse lightning like limit line link lion lip liquid
list listen lit literally literary literature little live ll loan local located location lock long look loose lord
lose loss lost lot loud love low luck lucky lying machine mad made magazine magic mail main maintain maintenance major
majority make male man manage manner manual manufacturing many map march marked market marks marriage marry mass
massive master match mate material matter maximum may maybe me meadow mean meant measure mechanical media medical
medieval medium meet member memory men mental mention merely mess message met metal method mid middle midnight might
mike mile military milk million mind mine minimum minor minute mirror miss mission mistake mix mm mobile mode model
modern modified mom moment monday money monkey monster month moon more morning most mother motion mount mountain mouth
move movement movie mp ms much multi multiple murder muscle museum music musical musician must my myself mystery naked
name narrow nation national native natural nature naval near nearby necessary neck necklace need negative neighbor
neighborhood neighbour neither nephew nervous net network never new newspaper next nice niece night nightmare nine no
nobody noise non none noon nor normal north nose not notable notably note nothing notice novel november now nuclear
number numerous nurse object obtain obvious occasion occasionally occur ocean october odd of off office official often
oh oil okay old on once one online onto open opera operate operation opinion opportunity opposed opposite option or
orange orchard orchestra order ordinary organ organization organized original orphan other otherwise our out output
outside outstanding over overall own pace pack page paid pain paint pair palm panda panel panic paper parade parallel
parent park part partially particular partner partnership party pass passage passengers past path patient pattern pay
peace peak pencil penguin people per percussion perfect perform performance perhaps period permanent person personal
personality phase philosophy phone photo physical piano pick picnic picture piece pilot pink pirate pit pitch place
plain plan plane planet planned planning plant plastic plate platform play please pleasure plot plus pocket poet point
pole police policy polish political politician politics pool poor pop popular popularity port portion portrait
portrayed position positive possession possibility possible possibly post potential poverty power powerful practical
practice pre preferred pregnant prepared presence present president presidential press pressure pretty prevent
previous price priest primarily primary prime prince princess print prior prison prisoners private prize pro probably
problem process produce product production professional professor profile profit program programming progress project
prominent promise proper property protect protection prove provide public publisher pull puppet purchase pure purple
purpose push put putting quality quarter queen question quick quiet quite rabbit race racial radio rainbow raise ran
random range rapidly rare rate rather ratio raw re reach reaction read ready real reality realize rear reason receive
recent recognition recognize recommended record reduce reference regarding region register regular reign rejected
related relations relationship relative release relief religious remain remember remote remove repeated replace
replacement report representation represented reputation request require requirements rescue research resident
resistance resolution resources respect respectively respond response responsibility responsible rest restaurant
result retired retirement return revealed revenge review revolution revolutionary rhythm rich ride right ring rise
risk rival road robot rock role roll romantic room roots rough round route row royal rule run running rural rush sad
safe safety said sale same sand sat satellite saturday save saw say scale scared scene scent scheme school science
scientific scientists score scream screen script sea search season seat second secret secretary section secure
security see seek seem seen selected selection self sell semi send senior sense sent sentence separate september
series serious serve service session set setting settled seven several severe sexual shadow shake shape share shark
sharp she shell sheriff shield shift ship shirt shock shoe shoot shop shopping shore short shot should shouldn show
shown shut sick side sight sign signal significant silence silent silver similar simple simply since sing single
sister sit site sitting situation six size skills skin slave sleep slid slightly slipped slow small smart smell smoke
smooth snake snapped snow so social society soft software sold soldier solid solo solution some somehow someone
something sometimes somewhat somewhere son song songwriter soon sorry sort soul sound soundtrack source south space
speak special specific specifically speech speed spell spend spent spider spin spirit spiritual split spoken sport
spot spread spring spy squad square st stable staff stage staircase stairs stand standard star starred starring start
state statement station status stay steady steel step stepped stick still stock stone stood stop stopped storage store
storm story straight strange street strength strike string strip strong struck structure struggle stuck student studio
study stuff stupid style sub subject subsequent success successful such sudden suffered suffering suggest suicide suit
summer sun sunday sunrise sunset super superior supply support suppose sure surface surgery surprise surrounded
surrounding survive suspected sweet system table tag tail take taken talent talk tall tank tape target task taste
taught tax teach team tears tech technical technique technology teeth television tell temperature temporary ten term
terrible territory test than thank that the theater theatre their them theme themselves then theory there therefore
these they thick thief thin think third thirty this those though thought thousand threat threatened three threw throne
through throughout throw thunder thursday thus tie tiger tight till time tiny tip tired title to today together told
tone tons too took tools top total touch tour toward town toy track trade tradition traditional trail train transfer
transferred transition transmission transport travel treated treatment tree trial tribe trip triple trouble truck true
truly trust truth try tuesday turn twelve twenty twice twin twisted two type typical ultimately un unable uncle under
underground understand understood unfortunately uniform union unique unit universal universe university unknown unless
unlike until unusual up upon upper upset urban us use useful usual valley value vampire variety various vast ve
vehicle version versus very via vice victim video view village vineyard violence violent violin visible vision visit
visual vocal voice volume von vs wait wake walk wall want war warm warning warrior was wasn waste watch water wave way
we weak weapon wear weather web website wedding wednesday week weekend weight weird welcome well went were weren west
wet what whatever wheel when where whereas whether which while whilst whisper white who whole whom whose why wide
widow wife wild wildlife will win window wing winner winning winter wish witch with within without wizard wolf woman
women won wonder wood wooden word wore work workers world worldwide worn worry worse worst worth would wouldn wound
wrapped wrestling write written wrong wrote yard yeah year yellow yes yet you young your yourself youth zero zombie
zone
""".split()
)
