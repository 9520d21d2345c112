"""Function words and question words, one string a language, as a reader would write them.

They carry no topic, so they neither match nor count as missing. The lists are
short on purpose: a word that can name a topic ("may", "state", "plan") stays out.
"""

STOPWORDS = {
    "en": """
        a about above after again against all also am an and any are aren't as at be because been
        before being below between both but by can cannot could did do does doing down during each
        few for from further had has have having he her here hers herself him himself his how i if
        in into is it its itself just me more most my myself no nor not now of off on once only or
        other our ours ourselves out over own please same she should so some such tell than that
        the their theirs them themselves then there these they this those through to too under
        until up us very was we were what when where which while who whom whose why will with
        would you your yours yourself s t d ll re ve m don didn doesn isn wasn weren
        """,
    "fr": """
        à a ai afin ainsi alors après as au aucun aussi autre autres aux avait avant avec avez
        avoir c ce ceci cela celle celles celui ces cet cette ceux chaque chez ci comme comment d
        dans de des donc dont du elle elles en encore entre es est et étaient étais était été être
        eu eux fait faire font furent il ils j je jusqu l la laquelle le lequel les lesquelles
        lesquels leur leurs lors lui m ma mais me même mêmes mes moi mon n ne ni non nos notre nous
        on ont ou où par parce pas pendant plus pour pourquoi puis qu quand que quel quelle
        quelles quels qui quoi s sa sans se selon sera ses si sinon soi son sont sous sur t ta te
        tes toi ton tous tout toute toutes très tu un une vos votre vous y
        """,
    "es": """
        a al algo algún alguna algunas alguno algunos ante antes aquel aquella así aunque bajo bien
        cada como cómo con contra cual cuál cuales cuáles cualquier cuando cuándo cuanto cuánto
        cuántos cuántas de del desde donde dónde durante e el él ella ellas ellos en entre era eran
        es esa esas ese eso esos esta está están estas este esto estos fue fueron ha haber había
        han hasta hay he la las le les lo los más me mediante mi mis mismo muy ni no nos nosotros
        nuestra nuestro o otra otras otro otros para pero por porque pues que qué quien quién
        quienes se según ser si sí sido sin sobre son su sus también tan tanto te tiene tienen todo
        toda todas todos tras tu tus un una unas uno unos usted ustedes y ya yo
        """,
    "ar": """
        أ ألا أم أما أن أنا أنت أنه أنها أو أي أية أين أيضا أيضاً إذ إذا إلا إلى إن إنه إنها التي
        الذي الذين اللاتي اللذان اللذين اللواتي بأن بعد بعض بل بما به بها بهذا بهذه بين بينما تكون
        تلك تم ثم حتى حول حيث حين خلال دون ذلك سوف سوى ضد ضمن عبر عدة على عن عند عندما غير في فإن
        فقط فهو فهي فيما فيه فيها قبل قد كان كانت كانوا كذلك كل كلا كم كما كي كيف لا لأن لدى لديه
        لديها لقد لكن لكي لم لماذا لما لن له لها لهم لهذا لهذه لو ليس ليست ما ماذا متى مثل مع مما
        من منذ منه منها منهم نحن نحو هل هم هما هن هنا هناك هو هي هؤلاء هذا هذان هذه وأن وإن وقد وكان
        وكانت ولا ولم ولن وما ومن وهذا وهذه وهو وهي وفي وعلى ومع يا يكون يمكن
        """,
    "pt": """
        a ao aos as até com como da das de dela dele do dos e é ela ele eles em entre era essa esse
        esta este eu foi foram há isso já mais mas me mesmo muito na não nas nem no nos o os ou
        para pela pelo por qual quais quando que quem são se sem ser seu seus sobre sua suas também
        te tem um uma você
        """,
    "de": """
        aber als am an auch auf aus bei bin bis bist da damit das dass dem den der des die doch du
        durch ein eine einem einen einer eines er es für hat haben ich ihr im in ist ja kann mit
        nach nicht noch nur oder ohne sehr sein sich sie sind so über um und uns unter vom von vor
        wann war waren was welche welcher welches wenn wer werden wie wir wird wo zu zum zur
        """,
    "it": """
        a ad agli ai al alla alle anche che chi ci come con da dal dalla dei del della delle di
        dove e è ed era erano gli ha hanno ho i il in io la le lo loro ma mi nel nella non o per
        perché più quale quali quando quanto quello questa questo se si sono su sul sulla tra un
        una uno
        """,
    "nl": """
        aan al als bij dan dat de der deze die dit door een en er ge had heeft hem het hij hoe hun
        ik in is je kan maar me men met mij na naar niet nog nu of om omdat onder ons ook op over
        te tot uit van veel voor waar waren was wat we wel welke werd wie wij wordt zal ze zich zij
        zijn
        """,
    "sv": """
        alla att av de dem den det detta dig din du där efter ej eller en ett från för ha han har
        hon hur i in inte jag kan man med men mot mycket nu när och om oss på så sig sin som till
        under upp ut vad var vara vem vi vid vilka vilken vilket är över
        """,
}
