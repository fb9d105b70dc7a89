import type { Words } from './words.js'

/** French. */
export const fr: Words = {
  direction: 'ltr',
  frame: {
    account: name => `Compte\u00a0: ${name}`,
    leave: brand => `Retour à ${brand}`,
    manage: 'Voir la protection de la connexion',
    problemTitle: title => `Problème\u00a0: ${title}`,
    browser: (browser, system) => `${browser} sur ${system}`,
    copied: 'Copié'
  },
  notices: {
    verified: 'Votre application d’authentification fonctionne. Vous en aurez désormais besoin pour vous connecter.',
    renamed: 'Le nouveau nom est enregistré.',
    removed: 'L’application est supprimée. Ses codes ne fonctionnent plus ici.',
    recovered: 'Connexion réussie. Ce code de secours ne peut plus servir. Si vous n’avez plus votre téléphone, supprimez son application de cette liste et ajoutez celle de votre nouveau téléphone.',
    kept: 'Ce code est le bon, et il peut encore servir. Gardez tous vos codes à cet endroit.',
    codesTwice: 'Vos codes de secours avaient déjà été créés. Si vous ne les avez pas gardés, créez-en de nouveaux.',
    forgotten: 'Ce navigateur n’est plus mémorisé. Un code sera de nouveau demandé.',
    forgottenAll: 'Plus aucun navigateur n’est mémorisé. Un code sera de nouveau demandé.'
  },
  code: {
    label: 'Code de votre application',
    hint: lengths => `${lengths} chiffres`,
    denied: 'Ce code n’est pas le bon, ou il a déjà servi. Attendez le prochain code dans votre application, puis saisissez-le.',
    malformed: lengths => `Cela ne ressemble pas à un code. Saisissez les ${lengths} chiffres qu’affiche votre application.`,
    ahead: time => `L’horloge de votre téléphone avance de ${time}, ses codes ne fonctionnent donc pas. Activez l’heure automatique dans les réglages du téléphone, puis saisissez le prochain code.`,
    behind: time => `L’horloge de votre téléphone retarde de ${time}, ses codes ne fonctionnent donc pas. Activez l’heure automatique dans les réglages du téléphone, puis saisissez le prochain code.`
  },
  recoveryCode: {
    label: 'Code de secours',
    hint: '24 lettres et chiffres en six groupes',
    denied: 'Ce code de secours n’est pas le bon, ou il a déjà servi. Chacun ne sert qu’une fois. Essayez-en un autre.',
    malformed: 'Cela ne ressemble pas à un code de secours. Il compte 24 caractères : des lettres, et des chiffres de 2 à 7.'
  },
  manage: {
    title: 'Protection de la connexion',
    unprotected: 'Seul un mot de passe protège votre compte. Avec une application d’authentification, un mot de passe volé ne suffit plus pour y entrer.',
    setUp: 'Configurer une application',
    unapproved: 'Pour en voir plus ou modifier quelque chose, saisissez d’abord un code de votre application.',
    enterCode: 'Saisir un code',
    apps: 'Applications d’authentification',
    added: date => `Ajoutée le ${date}`,
    lastUsed: date => `Utilisée pour la dernière fois le ${date}`,
    neverUsed: 'Pas encore utilisée',
    rename: 'Renommer',
    name: 'Nom de l’application',
    saveName: 'Enregistrer le nom',
    refusedName: 'Saisissez un nom de 1 à 64 caractères, sans deux-points.',
    remove: 'Supprimer',
    removing: 'Les codes de cette application ne fonctionneront plus ici. Vos autres applications continueront de fonctionner.',
    removingLast: 'C’est votre seule application. Sans elle, votre compte n’est plus protégé que par votre mot de passe.',
    removingCodes: 'Vos codes de secours seront supprimés eux aussi.',
    removeApp: 'Supprimer cette application',
    addApp: 'Ajouter une application',
    noRoom: 'Vous ne pouvez pas ajouter d’autre application. Supprimez-en d’abord une.',
    recoveryCodes: 'Codes de secours',
    codesLeft: {
      one: count => `Il vous reste ${count} code de secours.`,
      other: count => `Il vous reste ${count} codes de secours.`
    },
    noCodesLeft: 'Vous n’avez pas de codes de secours. Créez-en maintenant pour pouvoir vous connecter sans votre téléphone.',
    fewCodesLeft: 'C’est peu. Créez-en bientôt de nouveaux.',
    codesUse: 'Chacun vous permet de vous connecter une fois si votre téléphone est perdu ou cassé.',
    newCodes: 'Créer de nouveaux codes de secours',
    browsers: 'Navigateurs mémorisés',
    browsersRemembered: {
      one: count => `Pour l’instant, aucun code n’est demandé sur ${count} navigateur.`,
      other: count => `Pour l’instant, aucun code n’est demandé sur ${count} navigateurs.`
    },
    noBrowsers: 'Un code est demandé sur tous les navigateurs.',
    seeBrowsers: 'Voir les navigateurs'
  },
  start: {
    titleFirst: 'Protégez votre compte',
    titleFurther: 'Ajouter une application',
    whatItIs: 'Une application d’authentification affiche sur votre téléphone des codes courts qui changent sans cesse. Vous en saisissez un quand vous vous connectez : ainsi, personne n’entre avec votre seul mot de passe.',
    whichApps: 'Votre téléphone en a peut-être déjà une : Mots de passe sur iPhone, Google Authenticator, Microsoft Authenticator ou un gestionnaire de mots de passe. Toutes conviennent. Si vous n’en avez pas, installez-en d’abord une depuis la boutique d’applications de votre téléphone.',
    further: 'Vous pouvez utiliser plusieurs applications, par exemple une sur votre téléphone et une sur une tablette. Un code de l’une d’elles suffit.',
    name: 'Nom de cette application',
    nameHint: 'Facultatif. Il vous aide à distinguer vos applications, par exemple « Tablette ».',
    refusedName: 'Saisissez un nom de 1 à 64 caractères, sans deux-points, ou laissez le champ vide.',
    begin: 'Commencer la configuration',
    wrongCodes: 'Trop de codes erronés : cette configuration est terminée. Supprimez l’entrée que vous venez de créer dans votre application, puis recommencez avec une nouvelle image.',
    ended: 'La configuration a pris trop de temps et a expiré. Rien n’a changé. Veuillez recommencer.',
    limit: 'Vous ne pouvez pas ajouter d’autre application. Supprimez-en d’abord une.',
    wait: time => `Vous avez commencé plusieurs fois. Patientez ${time}, puis recommencez.`,
    waited: 'Vous pouvez maintenant recommencer.'
  },
  scan: {
    title: 'Connectez votre application',
    add: 'Ajoutez ce compte à votre application',
    howToScan: 'Ouvrez votre application d’authentification, ajoutez-y un compte et scannez cette image.',
    scanElsewhere: 'L’application est sur un autre appareil ? Ajoutez-y un compte et scannez cette image.',
    openApp: 'Ouvrir dans une application d’authentification sur cet appareil',
    qr: 'Code QR qui ajoute votre compte à une application d’authentification',
    cannotScan: 'Impossible de la scanner ? Saisissez une clé',
    howToType: 'Dans votre application, choisissez de saisir une clé. Si elle demande le type, choisissez « basée sur le temps ».',
    key: 'Clé',
    copyKey: 'Copier la clé',
    confirm: 'Saisissez le code qu’affiche l’application',
    entry: 'Vous le trouverez dans l’application sous ce nom :',
    verify: 'Confirmer le code',
    cancel: 'Annuler la configuration'
  },
  challenge: {
    title: 'Saisissez votre code',
    howTo: brand => `Ouvrez votre application d’authentification et saisissez le code qu’elle affiche pour ${brand}.`,
    which: 'De quelle application vient le code ?',
    remember: time => `Ne plus demander de code sur ce navigateur pendant ${time}`,
    rememberHint: 'Uniquement sur un appareil qui vous appartient.',
    submit: 'Continuer',
    lostPhone: 'Téléphone perdu ?',
    locked: 'Trop de codes erronés.',
    wait: time => `Patientez ${time}, puis saisissez le code que votre application affichera à ce moment-là.`,
    waited: 'Vous pouvez maintenant saisir un code.',
    disabled: 'Les codes de votre application sont désactivés, car trop de codes erronés ont été saisis.',
    whatToDo: brand => `Pour vous connecter, utilisez un code de secours. Si vous n’en avez pas, demandez de l’aide à ${brand}.`,
    useRecoveryCode: 'Utiliser un code de secours',
    whatToDoWithoutCodes: brand => `Pour vous connecter, demandez de l’aide à ${brand}. Une fois votre identité vérifiée, on pourra vous donner un code.`,
    useCodeOfSite: brand => `Saisir le code de ${brand}`,
    notYours: 'Si ces codes erronés ne viennent pas de vous, quelqu’un connaît peut-être votre mot de passe\u00a0: changez-le.'
  },
  recover: {
    title: 'Se connecter sans téléphone',
    howTo: 'Saisissez l’un des codes de secours que vous avez gardés en configurant votre application. Chacun ne sert qu’une fois.',
    submit: 'Continuer',
    noCodes: 'Pas de code de secours ?',
    askForHelp: brand => `Demandez de l’aide à ${brand}. Une fois votre identité vérifiée, on pourra vous donner un code à saisir ici.`,
    back: 'J’ai mon téléphone : saisir un code de l’application'
  },
  codes: {
    title: 'Codes de secours',
    left: {
      one: count => `Il vous reste ${count} code de secours.`,
      other: count => `Il vous reste ${count} codes de secours.`
    },
    none: 'Vous n’avez pas de codes de secours.',
    use: 'Un code de secours vous permet de vous connecter si votre téléphone est perdu ou cassé. Chacun ne sert qu’une fois.',
    replacing: 'Si vous en créez de nouveaux, tous les anciens cessent de fonctionner.',
    create: 'Créer de nouveaux codes de secours'
  },
  newCodes: {
    title: 'Gardez vos codes de secours',
    works: 'Votre application d’authentification fonctionne. Votre compte est maintenant protégé.',
    keep: 'Si votre téléphone est perdu ou cassé, l’un de ces codes vous permet de vous connecter. Chacun ne sert qu’une fois. Ils ne s’affichent que maintenant.',
    where: 'Gardez-les là où vous les retrouverez sans votre téléphone : sur papier ou dans un gestionnaire de mots de passe.',
    list: 'Vos codes de secours',
    copy: 'Copier',
    download: 'Télécharger',
    file: 'codes-de-secours',
    print: 'Imprimer',
    checkTitle: 'Sont-ils en lieu sûr ?',
    checkHint: 'Reprenez vos codes de secours là où vous les avez gardés et saisissez-en un. Il pourra encore servir.',
    check: 'Vérifier le code',
    skip: 'Continuer sans vérifier',
    denied: 'Ce n’est pas l’un de vos codes de secours actuels. Regardez encore là où vous les avez gardés. Les anciens ne fonctionnent plus.',
    lost: 'Vous ne les trouvez pas ?',
    createAgain: 'Créer de nouveaux codes de secours'
  },
  remembered: {
    title: 'Navigateurs mémorisés',
    what: 'Aucun code n’est demandé sur ces navigateurs. Retirez ceux que vous n’utilisez plus ou que vous ne reconnaissez pas.',
    none: 'Aucun navigateur n’est mémorisé. Un code est demandé sur tous les navigateurs.',
    current: 'Ce navigateur',
    since: date => `Depuis le ${date}`,
    until: date => `Jusqu’au ${date}`,
    forget: 'Retirer',
    forgetAll: 'Retirer tous les navigateurs'
  },
  problem: {
    loggedOut: {
      title: 'Votre session est terminée',
      text: 'Reconnectez-vous, puis revenez sur cette page.'
    },
    crossSite: {
      title: 'Cela ne vient pas de notre page',
      text: 'Un autre site ou un navigateur très ancien a envoyé cette demande. Rien n’a changé. Rouvrez la page et réessayez.'
    },
    malformed: {
      title: 'Nous n’avons pas compris',
      text: 'Il manquait quelque chose dans le formulaire, ou un texte était trop long. Rien n’a changé. Rouvrez la page et réessayez.'
    },
    notFound: {
      title: 'Cette page n’existe pas',
      text: 'Le lien est peut-être ancien, ou sa destination n’existe plus.'
    },
    unavailable: {
      title: 'Cela ne fonctionne pas pour le moment',
      text: 'Vous n’y êtes pour rien. Veuillez réessayer dans quelques minutes.'
    },
    busy: {
      title: 'Trop de demandes à la fois',
      text: 'Plusieurs demandes pour votre compte sont arrivées en même temps. Veuillez patienter quelques secondes, puis réessayer.'
    },
    failed: {
      title: 'Une erreur s’est produite',
      text: 'Vous n’y êtes pour rien. Veuillez réessayer. Si cela se reproduit, demandez de l’aide.'
    }
  }
}
