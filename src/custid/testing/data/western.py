"""Western given names, surnames and nicknames, most common first; the parts of rarer surnames."""

from __future__ import annotations

from custid.testing.data import words

MALE = words("""
James Robert John Michael David William Richard Joseph Thomas Christopher Charles Daniel Matthew Anthony
Mark Donald Steven Andrew Paul Joshua Kenneth Kevin Brian George Timothy Ronald Jason Edward Jeffrey Ryan
Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander
Patrick Frank Raymond Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry Zachary Douglas Peter Kyle Noah
Ethan Jeremy Christian Walter Keith Austin Roger Terry Sean Gerald Carl Dylan Harold Jordan Jesse Bryan
Lawrence Arthur Gabriel Bruce Logan Billy Joe Alan Juan Elijah Willie Albert Wayne Randy Mason Vincent
Liam Roy Bobby Caleb Bradley Russell Lucas Oliver Harry Oscar Leo Archie Alfie Theo Freddie Callum Owen
Rhys Craig Stuart Graham Neil Ian Simon Nigel Colin Trevor Derek Malcolm Clive Miguel Carlos Luis Antonio
Manuel Francisco Ricardo Eduardo Fernando Javier Diego Rafael Sergio Alejandro Marcus Victor Isaac Evan
Cody Luke Ivan Max Felix Hugo Marc Philip Phillip Martin Leonard Norman Ralph Howard Eugene Louis Stanley
Clarence Ernest Fred Edwin Glenn Warren Curtis Dale Melvin Leon Theodore Clifford Marvin Cecil Lester
Milton Wallace Everett Dominic Gavin Preston Spencer Wesley Xavier Damian Darren Duncan Elliot Fergus
Hamish Angus Declan Connor Aidan Brendan
""")

FEMALE = words("""
Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Karen Sarah Lisa Nancy Sandra Betty Ashley
Emily Kimberly Margaret Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Sharon Laura Cynthia
Dorothy Amy Kathleen Angela Shirley Emma Brenda Pamela Nicole Anna Samantha Katherine Christine Helen
Debra Rachel Carolyn Janet Maria Catherine Heather Diane Olivia Julie Joyce Victoria Ruth Virginia Lauren
Kelly Christina Joan Evelyn Judith Andrea Hannah Megan Cheryl Jacqueline Martha Madison Teresa Gloria Sara
Janice Ann Kathryn Abigail Sophia Frances Jean Alice Judy Isabella Julia Grace Amber Denise Danielle
Marilyn Beverly Charlotte Natalie Theresa Diana Brittany Doris Kayla Alexis Lori Marie Amelia Isla Ava Mia
Poppy Freya Daisy Phoebe Florence Imogen Gemma Claire Tracy Dawn Lynn Gillian Hilary Fiona Kirsty Catriona
Siobhan Niamh Carmen Rosa Ana Luz Lucia Elena Sofia Valentina Gabriela Daniela Camila Adriana Veronica
Monica Yolanda Vanessa Erica Erin Kate Katie Jane Eleanor Ellen Rose Lucy Molly Holly Leah Chloe Zoe Ella
Audrey Caroline Felicity Harriet Beatrice Georgina Josephine Marjorie Edith Ethel Lillian Irene Phyllis
Norma Paula Wanda Bonnie Robin Peggy Crystal Gladys Rita Dana Tiffany Tamara Heidi Wendy Yvonne Sylvia
Vivian Rosemary Bridget Maureen Noreen Deirdre Philippa Tessa Miriam Naomi Esther Lydia Priscilla
""")

SURNAMES = words("""
Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis
Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall
Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes
Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard
Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price
Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell
Coleman Butler Henderson Barnes Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham
Reynolds Griffin Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens
Murray Ford Castro Marshall Owens Harrison Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry
Freeman Webb Tucker Guzman Burns Crawford Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder
Mason Dixon Munoz Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd Rose Stone Salazar Fox Warren Mills
Meyer Rice Schmidt Garza Daniels Ferguson Nichols Stephens Soto Weaver Ryan Gardner Payne Grant Dunn
Kelley Spencer Hawkins Arnold Pierce Hansen Peters Santos Hart Bradley Knight Elliott Cunningham Duncan
Armstrong Hudson Carroll Lane Riley Andrews Alvarado Ray Delgado Berry Perkins Hoffman Johnston Matthews
Pena Richards Contreras Willis Carpenter Lawrence Sandoval Guerrero George Chapman Rios Estrada Ortega
Watkins Greene Nunez Wheeler Valdez Harper Burke Larson Santiago Maldonado Morrison Franklin Carlson
Austin Dominguez Carr Lawson Jacobs OBrien Lynch Singh Vega Bishop Montgomery Oliver Jensen Harvey
Williamson Gilbert Dean Sims Espinoza Howell Li Wong Reid Hanson Le McCoy Garrett Burton Fuller Wang Weber
Welch Rojas Lucas Marquez Fields Park Yang Little Banks Padilla Day Walsh Bowman Schultz Luna Fowler Mejia
Davidson Acosta Brewer May Holland Juarez Newman Pearson Curtis Cortez Douglas Schneider Joseph Barrett
Navarro Figueroa Keller Avila Wade Molina Stanley Hopkins Campos Barnett Bates Chambers Caldwell Beck
Lambert Miranda Byrd Craig Ayala Lowe Frazier Powers Neal Leonard Gregory Carrillo Sutton Fleming Rhodes
Shelton Schwartz Norris Jennings Rowe Hale Steele Barker Holt Lyons Horton Cross Potter Ingram Thornton
Lamb Booth Atkinson Ashworth Whittaker Pritchard Llewellyn Bevan Gallagher Doherty Kavanagh Fitzgerald
MacLeod Sinclair Drummond Lockhart Abbott Bolton Briggs Cartwright Clayton Cooke Dawson Dobson Eaton
Farrell Finch Frost Gibbons Goddard Haines Hancock Hargreaves Heath Hewitt Hobbs Humphreys Hyde Iqbal Khan
Ali Hussain Ahmed Begum Kaur Shah Mistry Kirk Lees Lister Lowry Marsden Moss Naylor Nolan Nuttall Osborne
Parkin Pickering Pollard Preston Rahman Redfern Sharp Slater Stokes Swift Tate Tomlinson Vaughan Walton
Whitehead Winter Yates
""")

GERMAN_MALE = words("""
Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günter Stefan Christian Uwe Werner Horst Frank Dieter
Manfred Bernd Ralf Martin Matthias Jörg Karl Sven Markus Jan Alexander Daniel Tobias Florian Sebastian
Philipp Lukas Jonas Leon Finn Paul Felix Maximilian Moritz Niklas Tim Jens Dirk Holger Björn Kai Lars Olaf
Rainer Rolf Helmut Heinz Gerhard Hans-Peter Karl-Heinz Hans-Jürgen Friedrich Johannes Anton Emil Oskar
Götz Sören
""")

GERMAN_FEMALE = words("""
Ursula Monika Petra Sabine Renate Helga Karin Brigitte Ingrid Andrea Claudia Susanne Gisela Martina Birgit
Stefanie Nicole Katrin Anja Sandra Julia Anna Lena Laura Sarah Lisa Katharina Christina Melanie Daniela
Heike Silke Kerstin Ute Angelika Gabriele Barbara Elke Christa Erika Hannelore Hildegard Anna-Lena
Marie-Luise Antje Wiebke Jördis Käthe Friederike Johanna Mia Emma Hanna Lea Clara Greta Frieda Ida
Charlotte Heidrun
""")

GERMAN_SURNAMES = words("""
Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter
Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz
Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters
Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck
Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein
Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl
Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer Yılmaz Kaya Demir Nowak Kowalski
Petersen Hansen Jansen
""")

#: The tail of surnames: every front with every back, per group.
SURNAME_PARTS: tuple[tuple[str, str], ...] = (
    (
        """Ash Ald Al Ab Ack Apple Arm At Back Bad Bam Ban Bar Barn Bas Bay Beck Bed Bel Ben Ber Bever
        Birch Black
        Blake Blen Bly Bol Bos Brad Bram Brand Bray Brent Bridge Brom Brook Brough Buck Bur Burn Byr
        Cald Cal Can
        Carl Cart Cas Cat Chad Char Chat Ches Chil Church Clay Clif Clin Cob Col Comp Con Cop Cor Cot
        Cran Craw Cres
        Crom Cros Cul Dal Dan Dar Dart Daven Den Der Dit Dod Don Dray Dud Dun Dur Dutt East Eck Eden
        Edge Egg El Elm
        Em Ever Fair Far Farn Fen Field Fin Fitch Flet Ford Fos Frank Free Frod Ful Gains Gar Gas Gil
        Glad Glos Good
        Gran Graves Gray Green Grim Gros Had Hal Ham Hamp Han Har Hart Has Hat Haver Haw Hay Haz Head
        Heath Hed Hem
        Hen Her High Hil Hind Hol Holling Hop Horn Hors Hough Hud Hun Hur Hux Ing Ips Ken Kers Kil King
        Kings Kirk
        Knap Lam Lan Lang Lap Lath Law Lea Led Leigh Len Light Lil Lin Lit Long Loud Love Low Lud Lyd
        Mal Man Mar
        Marl Mars Mat May Mel Mer Mid Mil Mor Mos Mul Nes Net New Nor North Nut Oak Old Or Os Over Ox
        Pad Pem Pen
        Per Pick Pil Pop Pres Quar Rad Ram Ran Rat Rav Red Rip Rock Rod Rom Ros Roth Row Rud Rush Rut
        Sal Sand Sax
        Scar Sed Sel Sex Shaf Shel Ship Sil Sher Sked Slad Som South Spen Stam Stan Stap Stock Stoke
        Stow Strat Sud
        Sun Sut Swan Swin Tam Tan Tat Thorn Thor Til Tid Tit Tow Trow Tun Up Wad Wain Wake Wal Ware War
        Wash Wat
        Way Web Wed Wel Wen West Wet Whar Whet Whit Wick Wil Wim Win Wins Wol Wood Wool Wor Wroth Wy Yar
        Yel York""",
        """ford ton ley field wood bury by worth well ham son man er stead ham wick burn combe dale den
        gate grave
        hurst land low mere more ridge shaw stock stone thorpe tree water way brook cote croft feld hill
        ing ingham
        ington house holm leigh over bridge bank""",
    ),
    (
        "Mc Mac",
        """Adam Alister Allister Andrew Arthur Aulay Avoy Bain Beth Bride Cabe Caffrey Call Callum Cann
        Carron Carthy
        Caskill Caul Clain Clean Clellan Clelland Closkey Clure Comb Conachie Conaghy Connell Cord
        Cormack Cormick
        Corquodale Coubrey Craw Cready Crone Cue Culloch Curdy Dade Daniel Dermott Devitt Donnell
        Dougall Dowell Duff
        Elroy Evoy Ewan Fadden Fadyen Fall Farlane Fee Gann Garry Gee Ghee Gill Ginley Ginnis Ginty
        Glashan Gough
        Gowan Grath Graw Gregor Guigan Guinness Guire Hale Hugh Ilroy Ilveen Ilwain Inally Innes Intosh
        Intyre Iver
        Kay Keever Kellar Kenna Kenzie Keown Kie Kinlay Kinley Kinney Kinnon Knight Lachlan Laren
        Laughlin Lean Lellan
        Leish Lennan Lure Mahon Manus Master Menamin Millan Mullan Murdo Nab Nabb Nair Nally Namara
        Namee Naught
        Neil Nicol Niff Nish Nulty Parland Phail Phee Pherson Quade Quaid Quarrie Queen Quillan Rae
        Shane Sorley
        Swain Sween Taggart Tavish Tiernan Vay Veigh Vey Vicar Vicker Whirter Williams""",
    ),
    (
        "O' ",
        """Boyle Brien Byrne Callaghan Carroll Casey Connell Connor Dea Doherty Donnell Donoghue Donovan
        Dowd Driscoll
        Dwyer Farrell Flaherty Flanagan Flynn Gara Gorman Grady Halloran Hanlon Hara Hare Keefe Kane
        Leary Looney
        Mahony Malley Meara Neill Nolan Rahilly Regan Reilly Riordan Rourke Shaughnessy Shea Sullivan
        Toole""",
    ),
    (
        """Adam Abra Al Anders Ander Arn Ben Bern Bert Carl Christian Clem Con Daniel David Denni Dick
        Don Edgar
        Edmund Edwin Eli Eman Emer Eric Even Frank Fredrick Gabriel Gilbert Gib Gregor Gunder Gustav Hal
        Han Harald
        Hend Herman Hug Ibrahim Ing Isak Ivar Jack Jacob Jami Jan Jarvi Jeffer Jo Joan Johan Jona Josef
        Karl Kell
        Knud Lar Laur Leif Lud Magnus Mar Martin Mat Mathi Michel Mikkel Mort Nel Nichol Nicol Niel Olof
        Ol Oskar Ot
        Patt Paul Peder Per Rasmus Reyn Rich Robert Rolf Sam Sever Sig Simon Stef Steven Sven Sver
        Theodor Thom
        Thor Tobia Tor Ulrik Vald Victor Wat Wilhelm Willi""",
        "son sen sson s sohn ssen sdottir kins ett ing",
    ),
    (
        """Adam Andrze Ba Bar Bart Bed Biel Bog Bor Bog Bud Bur Chmiel Cies Czar Czer Dab Dan Dem Dob
        Dol Dom Drag
        Dud Dziel Fed Gaj Gal Gaw Gor Grab Grod Gut Hal Ivan Jab Jag Jan Jar Jas Jaw Kal Kam Karp Kas
        Klim Kol Kon
        Kor Kos Kov Kraj Kras Kraw Kub Kuch Kul Kwiat Lad Las Lat Lev Lip Lis Lub Luk Maj Mak Mal Mar
        Mas Mat Maz
        Mich Mik Mil Mis Mor Mos Nad Niem Nov Now Ols Ost Paw Pet Pias Piet Pil Plot Pod Pol Pop Rad Raj
        Rog Rom
        Rud Ryb Sad Sam San Sav Sem Sen Sik Skal Sok Sol Stan Star Stas Stef Stoj Sul Szym Tar Tom Tur
        Urb Vas Vid
        Vin Vol Wal War Was Wes Wil Wis Wit Wolan Wron Zab Zag Zal Zar Zaw Ziel Zuk""",
        """owski ewski inski icki czyk ak ek ik iak owicz ewicz enko chuk yuk ov ova ovic evic in ina
        sky ska uk
        arz anov anek""",
    ),
    (
        """Abate Acc Agn Alb Amat Ang Ant Ard Bar Bas Batt Bell Ben Bern Bian Bon Bor Bosc Brun Buon Cal
        Cam Cant
        Cap Car Cas Cat Cav Cer Chi Cic Cir Col Con Cos Cre Crist Dam Del Dom Don Est Fab Fal Far Fel
        Ferr Fil Fior
        Fon Fran Gal Gar Gat Gent Giac Gian Gir Gius Grass Greg Grim Gual Guer Ian Lamb Lanz Laur Leon
        Lip Lomb
        Luc Mag Mal Manc Manf Marc Mart Mas Mat Mazz Mel Mer Mes Mic Mon Mor Mus Nap Nat Nic Ors Pac Pag
        Pal Pan
        Pap Par Pas Pel Per Pet Pic Pin Pis Pol Por Quar Ran Ric Riz Rom Ros Rug Rus Sab Sal San Sant
        Sarr Scar
        Ser Sil Sim Sor Spad Tad Tar Test Tor Tos Trap Tur Val Vent Ver Vic Vil Vit Zamb Zan Zop""",
        "ini etti elli ella one ucci acci ato ano oni ardi ieri esi ese osa ino iano aro ante",
    ),
    (
        """Acker Adel Alt Amt Apfel Arn Auer Bach Baum Berg Bern Bier Birken Blum Boden Brand Breit
        Brenn Brücken Buch
        Burg Busch Dahl Dorn Dreher Ecken Edel Eich Eisen Engel Erl Esch Falken Fass Feld Fenster Fink
        Flachs Frei
        Fried Garten Gold Grün Gut Haber Hafer Hagen Hammer Hart Hasel Heide Herren Hirsch Hoch Hof
        Hohen Holz Honig
        Horn Hütten Kalten Kamm Kessel Kirch Klee Klein Korn Kranz Kreuz Kron Kupfer Landes Lauter Licht
        Lilien Linden
        Löwen Mandel Markt Mauer Mehl Mond Morgen Mühl Nieder Nuss Ober Oster Pfeil Rauch Reh Rein Ring
        Rosen Rot Saal
        Sand Schatten Schön Schwan Silber Sommer Sonnen Stahl Stein Stern Stoll Strauch Tannen Thal
        Tiefen Unter Vogel
        Wachs Wald Wasser Weid Weih Weiss Wein Wiesen Winter Wolfs Zeller Ziegel Zucker""",
        """bach bauer baum beck berg berger brink bruch burg dorf egger feld felder furt hagen haus
        hauer heim heimer
        hof hofer holz horn kamp kötter land lein mann meier meister müller rath reich ried schmidt
        stein steiner
        stock strauß tal thal wald wasser weg ler""",
    ),
)

#: given name → what friends write. First the usual one.
NICKNAMES: dict[str, str] = {
    "James": "Jim Jimmy Jamie",
    "Robert": "Bob Rob Bobby",
    "John": "Jack Johnny Jon",
    "Michael": "Mike Mick Mikey",
    "David": "Dave Davey",
    "William": "Bill Will Billy",
    "Richard": "Rick Dick Rich",
    "Joseph": "Joe Joey",
    "Thomas": "Tom Tommy",
    "Christopher": "Chris Kit",
    "Charles": "Charlie Chuck",
    "Daniel": "Dan Danny",
    "Matthew": "Matt",
    "Anthony": "Tony Ant",
    "Donald": "Don Donnie",
    "Steven": "Steve",
    "Stephen": "Steve",
    "Andrew": "Andy Drew",
    "Joshua": "Josh",
    "Kenneth": "Ken Kenny",
    "Timothy": "Tim",
    "Ronald": "Ron Ronnie",
    "Edward": "Ed Ted Eddie",
    "Jeffrey": "Jeff",
    "Jacob": "Jake",
    "Nicholas": "Nick Nico",
    "Jonathan": "Jon Jonny",
    "Benjamin": "Ben Benny",
    "Samuel": "Sam Sammy",
    "Gregory": "Greg",
    "Alexander": "Alex Sandy Xander",
    "Patrick": "Pat Paddy",
    "Raymond": "Ray",
    "Nathan": "Nate",
    "Henry": "Harry Hank",
    "Zachary": "Zach",
    "Douglas": "Doug",
    "Peter": "Pete",
    "Walter": "Walt Wally",
    "Gerald": "Gerry Jerry",
    "Lawrence": "Larry",
    "Albert": "Al Bert",
    "Vincent": "Vince",
    "Bradley": "Brad",
    "Philip": "Phil",
    "Phillip": "Phil",
    "Leonard": "Len Lenny",
    "Theodore": "Ted Theo",
    "Francisco": "Paco Pancho",
    "Jose": "Pepe",
    "Eduardo": "Lalo Edu",
    "Elizabeth": "Liz Beth Betty Lizzie",
    "Patricia": "Pat Trish Patty",
    "Jennifer": "Jen Jenny",
    "Barbara": "Barb Babs",
    "Susan": "Sue Suzy",
    "Jessica": "Jess Jessie",
    "Margaret": "Maggie Meg Peggy",
    "Kimberly": "Kim",
    "Michelle": "Shelly",
    "Amanda": "Mandy",
    "Melissa": "Missy Mel",
    "Deborah": "Debbie Deb",
    "Debra": "Debbie Deb",
    "Stephanie": "Steph",
    "Rebecca": "Becky Becca",
    "Cynthia": "Cindy",
    "Dorothy": "Dot Dottie",
    "Kathleen": "Kathy Kath",
    "Pamela": "Pam",
    "Nicole": "Nikki",
    "Samantha": "Sam",
    "Katherine": "Kate Kathy Katie",
    "Catherine": "Cathy Kate",
    "Kathryn": "Kathy Kate",
    "Christine": "Chris Chrissie",
    "Christina": "Tina Chris",
    "Victoria": "Vicky Tori",
    "Virginia": "Ginny",
    "Jacqueline": "Jackie",
    "Teresa": "Terry Tess",
    "Theresa": "Terry Tess",
    "Abigail": "Abby",
    "Isabella": "Bella Izzy",
    "Sandra": "Sandy",
    "Eleanor": "Ellie Nell",
    "Josephine": "Jo Josie",
    "Georgina": "Georgie",
    "Charlotte": "Lottie Charlie",
    "Natalie": "Nat",
    "Philippa": "Pippa",
    "Gabriela": "Gaby",
    "Maximilian": "Max",
    "Johannes": "Hannes Jo",
    "Friedrich": "Fritz",
    "Sebastian": "Basti",
    "Andreas": "Andi",
    "Wolfgang": "Wolf",
    "Katharina": "Kathi Käthe",
    "Susanne": "Susi",
    "Stefanie": "Steffi",
    "Gabriele": "Gabi",
    "Ursula": "Uschi",
    "Angelika": "Geli",
    "Friederike": "Rike",
}

#: Words that local parts of e-mail addresses are made of, besides names.
MAIL_WORDS = words("""
sunny blue happy lucky rocky ocean tiger coffee garden music silver cosmic crafty turbo pixel maple river
stormy velvet zippy mellow ginger panda falcon comet
""")

MAIL_PROVIDERS = {
    "US": "gmail.com:48 yahoo.com:14 hotmail.com:8 outlook.com:8 icloud.com:8 aol.com:5 comcast.net:4",
    "GB": "gmail.com:42 hotmail.co.uk:10 yahoo.co.uk:8 outlook.com:9 hotmail.com:8 btinternet.com:7",
    "DE": "gmail.com:28 gmx.de:18 web.de:18 t-online.de:12 outlook.de:6 hotmail.de:5 freenet.de:5",
    "CN": "qq.com:50 163.com:22 126.com:8 foxmail.com:4 sina.com:4 outlook.com:4 gmail.com:4 139.com:3",
}
