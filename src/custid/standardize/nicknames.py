"""What else a name is called: given names and their short forms, Chinese and Korean surnames and their spellings.

In: nothing. Out: `Forms`: the names known, and which of them are forms of each other. Never here: pairs of records,
similarity of spelling.

The lists are common knowledge, one group a line, a space within a name written "_". Names that share a group are
forms of each other; a name may stand in several: Alex is short for Alexander and for Alexandra, who are not each
other. Forms in several languages share a line where people move between them in daily life (Alexander, Alejandro,
Sasha), not because they have one root (John, Juan).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

_GIVEN_NAMES = """
aaron ron ronnie
abigail abby abbie abbey gail
abraham abe abram bram
ada adelaide adele adeline addie addy della
adam ad
adrian ade adrien
agnes aggie nessie
alan allan allen al
albert al bert bertie alberto
alexander alex alec al sandy alejandro alessandro alexandre aleksander aleksandr xander sasha sascha sanya shura olek
alejandro alessandro ale
alexandra alexandria alex allie ally sandra sandy alexa lexi lexie sasha aleksandra alessandra alejandra ola
alexis alex lexi lexie
alfred alf alfie al fred freddie alfredo
alice allie ally alicia alison allison ali
amanda mandy manda
amelia amy millie milly mellie
andrew andy drew
angela angie angelina angel
anna ann anne annie nan nancy hanna hannah ania anya anka anja anouk annika
annette anette annie netta
anthony antony tony ant
antonio toni tono antonino nino toto tonino
antonia toni tonia
archibald archie archy baldie
arnold arnie arno
arthur art artie artur
augustus august augustine gus augie gust
barbara barb barbie babs bobbie bab basia barbel
barnabas barnaby barney
bartholomew bart bartek bartosz bartlomiej
beatrice beatrix bea trixie bee
benedict ben bennett benny benedikt
benjamin ben benny benji benjy
bernard bernie barney bern bernhard bernd
bertha bert bertie
bethany beth
bradley brad bradford
brandon brand
brenda bren
brian bryan bryant
bridget brigid bridie biddy britta birgit brigitte gitte gitta
calvin cal
cameron cam
carl karl carlos charles
caroline carolyn carol carrie caro lina line
carolina karolina carol caro lina karo
cassandra cass cassie sandra
catherine katherine kathryn katharine catharine kathleen cathy kathy kate katie kat kit kitty kay cath kath cat
caitlin kaitlyn katelyn kate katie cait
cecilia cecily cecile celia cissy cece
charles charlie charley chuck chas chaz chip
charlotte charlie lottie lotte char lola carlotta
chester chet
christian chris kristian
christina christine kristina kristine chris chrissy chrissie tina christie christy kristin kristen kirsten kris
christopher chris kit topher christoph kristof kristofer
clara claire clare klara
clarence clare
clark clarke
claudia claudine claudi
clifford cliff clifton
clement clem
constance connie constantia
constantine kostya kostas costas konstantin konstantinos dinos gus
cornelius neil cornel cor kees corne neal
cornelia nelly corrie cora
courtney court
curtis curt kurt
cynthia cindy cyndi
daniel dan danny dani dany daniele danilo
danielle dani daniella daniela
darlene darla
david dave davy davey davie davide dawid
deborah debra debbie deb debby
dennis denis den denny
derek derrick deric
desmond des
diana diane dianne di
dolores lola lolita loli
dominic dominick dom nick nicky dominik domingo
donald don donnie donny
donna don
dorothy dorothea dot dottie dolly thea dora dorothee dorota
douglas doug dougie
dwayne duane
dwight ike
eberhard eber hardy
edgar ed eddie ned
edith edie
edmund edmond ed eddie ned ted
edward eddie ed ted teddy ned eduardo edouard edu lalo
edwin ed eddie win
eileen aileen
elaine laine lainie
eleanor elinor eleanora ellie nell nellie nora lenore leonora ella
elijah eli lije elias
elizabeth elisabeth liz lizzie beth betty betsy bess bessie eliza lisa lise liza libby lizbeth elsie
elisabetta betta elisa lisa
ella ellen ellie nell nellie helen
emily em emmy emmie millie emilia emma
emil emilio emile milo
emmanuel manny immanuel emanuel emanuele manuel
eric erik erich rick ricky
ernest ernie ernst ernesto neto
esther hester essie hettie
eugene gene eugen eugenio
eugenia genie gena
evan van
evelyn eve evie lyn
ezekiel zeke
felicity flick fliss
felix feliks
ferdinand ferdie fred nando
fernando nando fer ferdinand
florence flo flossie florrie
frances fran franny frankie fanny francesca franziska franzi
franciszek franek
francis frank frankie fran franz
francisco paco pancho francis kiko quico curro chico
francesco franco checco cecco ciccio
francois franck
franklin frank
frederick frederic fredrick fred freddie freddy rick fritz friedrich frederik fredrik
federico fede rico
frederica freda freddie rica
gabriel gabe gabi
gabriella gabrielle gabriela gabby gabi gaby bri
gail abigail
geoffrey jeffrey jeffery geoff jeff
george georgie jorge georg jurgen jorg
georgia georgina georgie gina georgiana
gerald gerry jerry gerard gerhard gerd gert
geraldine gerry geri
gertrude trudy gertie trude
gilbert gil bert
giovanni gianni vanni nanni gian
giuseppe beppe peppe pino peppino giusi
giuseppina pina giusy
gloria glo
gordon gordie gordy
gregory greg gregg grigory grisha gregor
gretchen greta margarete
guadalupe lupe lupita
guillermo memo guille
gustav gustavo gus
gwendolyn gwen gwenda wendy
hans johannes johann johan hannes jan
harold hal harry harald
harriet hattie harry hettie
harvey harv
heather heath
heinrich heinz heini hinnerk
helen helena helene nell nellie lena ellen ella hela
henrietta etta hattie hettie etty henny
henry harry hank hal enrique enrico henri henrik hendrik henk heinrich
herbert herb bert herbie
herman hermann manny
hilary hillary hil
horace horatio
howard howie
hubert bert hugh huub hub
hugh hughie hugo huw
humphrey humph
ignacio nacho iggy ignatius
ignazio nazio
immaculada inma
irene rena irena irina ira
isaac ike zac zack isaak
isabel isabelle isabella bella bel izzy belle isa isobel ysabel chabela
isidore izzy isidoro
ivan vanya vanja vania
jack jackson john
jacqueline jackie jacqui jacky jackie
jacob jake jakob jacques jaap koos kuba jakub cobus
jaime jimmy
james jim jimmy jamie jem jimbo
jan janusz janek jasiek jas
jane janet janice jenny janie jan jayne janey
janina jasia
jason jay jase
jean jeanne jeannie jeannette jenny
jeanette jan jeannie
jennifer jen jenny jenn jenni jennie
jeremy jeremiah jerry jem jez
jerome jerry gerry
jesse jess jessie
jessica jess jessie jessi
joachim jochen achim jo joaquin quim quino
joan joanie joanna johanna joanne jo joann joanie hanna asia joasia
jose pepe pepito chepe ze
josefa pepa fina josefina pepita
joseph joe joey jos josef jozef sepp jupp joop jef jose
josephine jo josie josey josefine fifi jojo finchen
joshua josh
joyce joy
juan juanito juancho
juana juanita
judith judy judi jude jutta
julia julie jules jill juli julka juliette juliet
julian jules
juliana julie jill giuliana liana
julius jules julio
justin jus justus
karen karin kari caren
karl kalle charles
katarzyna kasia kaska
katharina kathe katja katrin kathrin kati kathi trina katerina
katja ekaterina yekaterina katya katia katyusha catherine
kelly kel
kenneth ken kenny kent
kevin kev
kimberly kimberley kim kimmy
klaus claus nikolaus
kristopher kris chris
krzysztof krzysiek krzys
larissa lara larisa
laura laurie lori lauren laurel lolly
lawrence laurence larry lars laurie lorenz lenz
leah lea
leila layla lila
leo leon leonardo leonard
leonard len lenny leo lennie leonhard
leopold leo poldi
leroy lee roy
leslie les lesley
lester les
lewis louis lou lew louie luis luigi ludwig ludo
lillian lilian lily lil lilly lilli liliana
linda lin lindy lyn belinda melinda
lorenzo enzo renzo
lorraine lori rainey
louise louisa lou lulu luisa lois luise
lucas luke luca lukas luc lucian
lucia lucy lucille lucie luz lucinda cindy
lydia liddy
lynn lynne lyn linn
madeleine madeline maddie maddy madge madelyn magdalena lena
magdalena magda lena leni magdalene
malcolm mal colm
manuel manolo manu lolo manny
manuela manoli manu lola
marcus mark marc marco marcos markus marek
margaret maggie meg megan peggy marge margie madge greta rita daisy peg maisie marjorie maggy
margarita margot marga rita margarete margarethe margherita grete gretel marguerite
maria marie mary mia mitzi mariechen marion mimi marika
maria masha mariya marusya
mary molly polly mae may mamie minnie moll
mariana marianna marianne mary_ann maryann
marianne mariane nanne
maria_del_carmen maria_carmen maricarmen
carmen carmela carmelita mamen
marilyn lyn mari
marissa mari
marjorie marge margie
marsha marcia
martha marty mattie patty marta
martin marty mart marcin martijn
martina tina martine
matilda mathilda tilly tillie mattie mathilde tilda tilde
matthew matt matty mat mathew matthias mateo mats
matthias mathias matze hias
maureen mo maura
maurice mo morris moe moritz maury
maximilian max maxi maksymilian massimo massimiliano
maxwell max
maxine max maxie
megan meg meghan meaghan
melanie mel mellie
melissa mel missy lissa
melvin mel
mercedes merche
michael mike mick mickey mikey micky mitch
michael michel michele mikael michiel mikhail misha mikko michal michaelis
miguel migue
mikhail misha mischa mihail michail
michelle shelly shell chelle micki
mildred millie milly
miranda mandy randy mira
miriam mimi mim mitzi myriam
mitchell mitch
mohammed muhammad mohamed mohammad muhammed mohamad muhamad mohd mohamud mehmet mehmed mamadou mo
mahmoud mahmud mahmood
ahmed ahmad achmed ahmet
abdullah abdallah abdulla abdul
abdulrahman abdelrahman abdurrahman abdul
hussein husain hussain hossein huseyin husseyn
hassan hasan hasse
yusuf youssef yousef yusef joseph yousuf youssouf
ibrahim abraham ebrahim brahim
ismail ishmael esmail smail
mustafa mostafa moustapha mustapha
omar umar omer
osman uthman othman usman
khalid khaled chalid
fatima fatma fatimah fatemeh fatoumata
aisha ayesha aicha aysha ayse
morgan mo
nadezhda nadia nadya nadja
natalie nathalie natalia nat nata natasha natalya
nathan nate nat
nathaniel nathan nate nat
nicholas nick nicky nico nicolas nikolaus niklas klaus
nikolai nikolay kolya nick
nicola nicole nicky nikki niki nicki nic coco
niccolo nico nicola
nigel nige
norbert norb bert
norman norm
olga olya
oliver ollie olly oli olivier
olivia liv livvy ollie olive
oscar oskar ozzie
oswald ozzie oz
otto odo
pamela pam pammy
patricia pat patty patti tricia trish tish patsy paddy
patrick pat paddy rick patricio patrizio
paul pablo paulo paolo pavel pawel pauli pal
paula pauline polly paulina pauli paulette
pavel pasha
penelope penny pen
percival percy
perry peregrine
peter pete piet pieter petey
pedro perico
petra pet
philip phillip phil pip felipe philipp philippe filip
phyllis phyl
piotr piotrek
pyotr petya peter petr
priscilla prissy cilla
rachel rach rachael shelly rae raquel
ralph rolf raoul raul rafe
randall randy randolph
raphael rafael rafe raf rafa rafal
raymond ray ramon
rebecca becky becca bec rebekah reba beck
regina gina reggie regi reina
reginald reg reggie
reinhard reiner rainer
rene renny
renate reni nate
reuben rube ruben
richard rick dick rich ricky rickey ricardo riccardo richie dickie
robert bob rob bobby robbie bert robb rupert roberto robin
roberta bobbie bobby robbie berta
robin rob
rocio chio
roderick rod roddy rick
rodney rod
rodrigo rodri rigo
roger rog rodger rogelio rudiger
roland rollie orlando rolly rowland
ronald ron ronnie ronny
rosa rose rosie rosita
rosalind roz ros rosie linda
rosario charo chayo
rosemary rose_mary rose rosie romy rosemarie rosa
roxanne roxy roxana
rudolph rudolf rudy rolf rudi
russell russ rusty
ruth ruthie
salvatore sal toto turi salvo
salvador chava salva sal
samantha sam sammy
samuel sam sammy samuele
sandra sandy sandi
sarah sara sally sadie sal
scott scotty
sean shawn shaun shane
sebastian seb bastian basti bas baz sebastien seba bastien
sergei sergey sergio serge serhiy seryozha serezha
sharon shari sherry
sheila shelagh
shirley shirl lee
sidney sid sydney syd
sigmund siegmund sigi ziggy sig
siegfried sigi siggi fred
silvia sylvia sylvie syl
simon si simeon
simona simone mona
solomon sol solly
sofia sophia sophie sonia sonya sofie zofia zosia sonja
spencer spence
stanislaw stanislav stas staszek slava
stanley stan
stella estelle estella
stephanie steph stephie stef steffi stefanie stevie fanny stefania
stephen steven steve stevie ste stefan stephan stefano
stefan stephan steffen stef steff
esteban stephen teban
stuart stewart stu
susan susie suzy sue suzanne suzie susanna susannah susanne zuzanna suzannah sanne
svetlana sveta lana
tabitha tabby
tamara tammy tamsin toma
tatiana tatyana tanya tania tanja
teresa theresa terry tess tessa tracy resi terri therese reese teri
terence terrence terry tel
thaddeus thad tad ted tadeusz
theodore theo ted teddy theodor fedor fyodor teodoro
theodora dora thea theda
thomas tom tommy tomas tommaso thom tomasz tomek maas
timothy tim timmy timofey
tobias toby tobi
todd tod
tracy tracey trace
travis trav
trevor trev
ulrich uli ulli
ulrike uli ulla rike
ursula uschi ulla ursel
valentina valya val vale tina
valerie val valeria
vanessa nessa nessie van
veronica ronnie vera roni nica veronika vero
vicente chente
victor vic vick viktor vitya
victoria vicky vicki tori viki vikki vika viktoria
vincent vince vinny vin vinnie vincenzo enzo
viola vi violet
virginia ginny ginger gina ginnie
vladimir vova volodya vlad vladi wladimir
waldemar waldo valdemar
walter wally walt walther
warren ren
wendy wenda
wesley wes
wilhelmina mina willa billie wilma minnie willie minna mien
wilhelm willi willy helmut
willem wim pim
william bill billy will willy willie liam
winifred winnie freda fred
winston win winnie
wojciech wojtek
wolfgang wolf wolfi
yevgeny evgeny evgeni evgenii zhenya eugene yevgeniy evgeniy
yevgenia evgenia zhenya eugenia
yekaterina ekaterina katya katia kate
yelena elena lena alyona alena helena
elena lena nena ele leni
yuri yuriy iouri yury jurij
zachary zach zack zac zak zachariah
agnieszka aga agnes
aleksei alexei alexey aleksey alyosha alex lyosha
anastasia nastya asya stacy nastia anastasiya stasia tasia
andrei andrey andrzej andrej andres
anatoly tolya anatoli
arkady arkasha
boris borya
dmitri dmitry dima mitya dmitriy dimitri dimitrios dimitris
galina galya
gennady gena
grzegorz grzesiek
igor garik
inna ina
joanna asia
kirill kiril
konrad kurt conrad
leonid lyonya
lidia lida lydia
ludmila lyudmila lyuda mila luda
lyubov lyuba luba
maksim maxim max maks
malgorzata gosia malgosia
marcin marcinek
mateusz mateo
maxime max
oksana ksenia ksyusha xenia kseniya oxana
oleg olezhka
pablo pablito
przemyslaw przemek
raisa raya
roman roma
ruslan rus
slawomir slawek
stanislav stas
tomas tomasito
vadim vadik
vasily vasya vasili vassily
vera verochka
viacheslav vyacheslav slava
vitaly vitalik vitali vitaliy
yaroslav jaroslaw jarek slava jaroslav
yakov yasha jacob
zbigniew zbyszek
adriana adri adrienne adrianna
adrien adri
alberto beto berto
alfonso poncho fonsi alphonse alfons
alonso lonso
ana anita anabel
andrea andi andie andreina
andreas andi andre andrew anders
andres andresito
anita ana
angel angelo angelito
armando mando
arturo tito
bruno brunello
carlos carlitos charlie
catalina cata lina
concepcion concha conchita conchi
consuelo chelo
cristina cris tina cristy
cristian cris
cristobal cris tobal
domenico mimmo menico mico nico
dominique dom domi
eduarda duda
encarnacion encarna
esperanza espe
eva evita eve ewa
francisca paca paqui paquita chica
gabriele lele gabri
gerardo jerry
graciela chela gracie
grace gracie gracia
gonzalo gonza
gregorio goyo
hernan nan
hortensia tencha
humberto beto umberto
ignacia nacha
jesus chuy chucho
jorge coque
joao joaozinho
jordi jorge
leticia lety leti
lourdes lulu
luciana lu
luigi gigi luigino gino
luis lucho luisito
maria_teresa maite maritere mayte
marcelo chelo marcello
maria_isabel maribel marisabel marisa
maria_jose majo cote
maria_luisa marisa malu
maria_elena malena marilena
maria_fernanda mafe mafer
maria_eugenia maru
maria_del_sol marisol mari
mario marietto
mauricio mau maurizio mauro
milagros mila
montserrat montse
natividad nati
nicolas nico nick
octavio tavo
pascal pascual pasquale
pasquale lino pasqualino
pilar pili
raimundo mundo
ramon moncho
refugio cuca cuco
ricardo richi cayo
roberto beto tito berto
rosalia lia rosa
santiago santi yago jaime chago
sebastiao tiao
silvio silvano
soledad sole
susana susi susan
teresa tere teresita
tommaso maso masino
trinidad trini
ventura tura
victoriano vic
xavier javier xavi javi
antoine toine antonin titi
aurelie lili
benoit ben
bertrand bert
brigitte bri gigi
christophe chris tof
corinne coco cory
dorothee doro
elodie elo
emmanuelle manu
francoise fanfan franny
frederique fred
genevieve ginette gen
guillaume guigui william
jean_pierre jp
jean jeannot
jerome jeje
josephe jo
laurent lolo
laurence lolo
marguerite margot
mathieu matthieu mat
maurice momo
mickael micka
monique momo mona
odette dette
patrice pat
philippe phil
pierre pierrot
raymonde monde
sandrine sandy
solange sol
sylvain syl
therese tete
veronique vero
xaviere xav
yves yvon
yvonne vonnie evonne
annemarie annemie
antje anke anneke
anton toni tony anthony
bartholomaus bartl
bernadette bernie detta
christa chris christiane
dieter diether dietrich
eduard edi
elfriede elfi friedel
elke ilka
elsa else ilse elisabeth
friedrich fritz frido friedel
gabriele gabi gaby
gottfried friedel
gunther gunter guenter
gunter guenther
hannelore lore hanne
hermine minna
ilona ilka
jakob jockel
joseph josef beppi seppl pepi
juergen jurgen
karlheinz charly
karoline line lina
katharina kathe
liselotte lilo lotte
ludwig lutz lou wiggerl luggi
manfred manni fred freddy
marlene leni marlena
michaela michi micha
michael michi micha michel
monika moni mona
rosina rosi
rosemarie rosi
rupprecht rupert
sabine bine sabina
theresia resi thesi
tobias tobi
valentin valtl val
walburga burgl wally
waltraud traudl
xaver xaverl
aafke aaf
adriaan adri ad arie
adriana jana
albertus bert ab albert
antonius toon ton antoon teun
bartholomeus bart mees
catharina trijntje toos cato rien
cornelis kees cor nelis
dirk diederik theodoor
elisabeth els betje lies liesbeth
frans franciscus
gerardus gerard geert gerrit
gerrit ger gert
gijsbert gijs
hendrikus henk rik hendrik
hendrika rika henny
hieronymus jeroen
jacobus jaap koos ko sjaak
jacoba coba
johannes jan joop hans johan
johanna jo hanneke anneke jopie
jozef jef sjef
laurens lau rens
leonardus leo leendert
lodewijk lode
maarten mart martinus
machteld mechteld
margaretha greet griet margriet greetje
maria mieke marijke ria riet mia
marinus rinus rien
matheus teeuw thijs
matthijs thijs mathijs
nicolaas klaas nico
petrus piet peter
petronella nel nelleke
theodorus theo dorus
wilhelmus wim willem
bogdan bodzio
boguslaw bogus
czeslaw czesiek
dariusz darek
dominika domi
edyta edytka
ewelina ewa
halina hala
irena irka
iwona iwonka
jadwiga jadzia
jerzy jurek
jolanta jola
kazimierz kazik
krystyna krysia
ludwik ludek
lukasz lukaszek
maciej maciek
mieczyslaw mietek
miroslaw mirek
miroslav mirek
rafal rafalek
ryszard rysiek
stefania stefa
tadeusz tadek
teodor teo
wanda wandzia
wladyslaw wladek
zdzislaw zdzisiek
zygmunt zygus
"""

#: Surnames in pinyin, then Korean ones, with the spellings of Hong Kong, Taiwan and the overseas Chinese. Taken from
#: how people write themselves: Cantonese and Wade-Giles, Hokkien, Teochew and Hakka.
_SURNAMES = """
bai pai pak
cai tsai choi choy chua chai tsoi
cao tsao cho chow
chen chan tan chin tchen
cheng ching
dai tai
deng tang teng
ding ting
dong tung
du to tu
fan farn
fang fong
feng fung foong
fu foo
gao ko kao
gu ku koo
guan kwan kuan
guo kwok kuo quek kwek koay
han hon
hao ho
he ho hor
hong hung ang
hou hau
hu woo wu oh
huang wong ng ooi oei wee uy
jia chia ka
jiang chiang keung kong kiang cheung
jin kam chin
kang hong
ke or kwa quah
kong hung kung
li lee lei ly
liang leung leong neo
liao liu liew
lin lam lim lum
liu lau liew low lew lao
long lung loong
lu loo luk lo
luo lo law lok loh
lv lu lui lyu lyv loo
ma mah beh
mao mo
meng mang
ou au aw
ouyang auyeung auyong
pan poon pun phua
peng pang phang
qian chien chin
qin chin chun
qiu chiu yau khoo hew chou
ren jen yam
shao siu
shen sum sham shum sim
shi shih sze see si shek
situ szeto seto
song sung
su so soh sou
sun suen soon
tan tam tham
tang tong teng
tian tien tin
tong tung
wan man
wang wong ong heng
wei ngai wai gwee
wen man boon
wu ng goh go
xia hsia ha har
xiao hsiao siu shiu seow
xie hsieh tse tseh chia cheah
xiong hsiung hung
xu hsu hui tsui chui koh
xue hsueh sit
yan yen ngan yim
yang yeung yeo yong young
yao yiu yeow
ye yip yeh yap ip
yu yue yee
yuan yuen
zeng tseng tsang chan
zhang cheung chang teo chong tiu teoh
zhao chao chiu
zheng cheng chang tay teh
zhong chung cheong
zhou chou chau chow chew
zhu chu chue choo
zhuang chong chng chuang
zhuo cheuk toh
qin tan
zhai di
shan dan
ge gai
yue le
piao pu park
zeng ceng
xie jie
zha cha
ou qu
zou tsou chow chau
ahn an
bae pae
baek paik baik
choi choe
gang kang
gim kim
goh ko go koh
gu koo ku
gwak kwak
gwon kwon
heo hur huh
jang chang
jeon chun jun
jeong jung chung chong
jo cho joe
ju joo
lim im rim
mun moon
no noh roh
park pak bak
ryu yoo yu ryoo lyu
seo suh
seong sung
shin sin
sim shim
son sohn
yi lee rhee i ri
yun yoon
"""


@dataclass(frozen=True)
class Forms:
    """`numbers`: name → number, without spaces in the name; `related`: (names, names), whether two share a group. The
    last row and column of `related` belong to no name and are false, so that -1 may stand for an unknown one."""

    numbers: dict[str, int] = field(repr=False)
    related: npt.NDArray[np.bool_] = field(repr=False)

    def number(self, name: str) -> int:
        """The number of a name folded as `text.fold` does, however many words it is written in; -1: not known.

        >>> surnames().number("au yeung") == surnames().number("auyeung") > 0
        True
        """
        return self.numbers.get(name.replace(" ", ""), -1)

    def are_related(self, left: str, right: str) -> bool:
        """Whether two names are known to be forms of each other.

        >>> given_names().are_related("bill", "william"), given_names().are_related("bill", "robert")
        (True, False)
        """
        return bool(self.related[self.number(left), self.number(right)])


def _forms(groups: str) -> Forms:
    numbers: dict[str, int] = {}
    members = [
        [numbers.setdefault(name.replace("_", ""), len(numbers)) for name in line.split()]
        for line in groups.splitlines()
    ]
    related = np.zeros((len(numbers) + 1, len(numbers) + 1), np.bool_)
    for group in members:
        related[np.ix_(group, group)] = True
    return Forms(numbers, related)


@cache
def given_names() -> Forms:
    """Given names and their short forms: Bill and William, 'Gosia' and 'Malgorzata'."""
    return _forms(_GIVEN_NAMES)


@cache
def surnames() -> Forms:
    """Chinese and Korean surnames in Latin letters and their spellings: Chen, Chan and Tan; Kim and Gim."""
    return _forms(_SURNAMES)
