import type { Words } from './words.js'

/** German. */
export const de: Words = {
  direction: 'ltr',
  frame: {
    account: name => `Konto: ${name}`,
    leave: brand => `Zurück zu ${brand}`,
    manage: 'Zum Anmeldeschutz',
    problemTitle: title => `Problem: ${title}`,
    browser: (browser, system) => `${browser} auf ${system}`,
    copied: 'Kopiert'
  },
  notices: {
    verified: 'Ihre Authenticator-App funktioniert. Ab jetzt brauchen Sie sie, wenn Sie sich anmelden.',
    renamed: 'Der neue Name ist gespeichert.',
    removed: 'Die App ist entfernt. Ihre Codes gelten hier nicht mehr.',
    recovered: 'Sie sind angemeldet. Dieser Wiederherstellungscode ist verbraucht. Wenn Ihr Handy weg ist, entfernen Sie seine App aus dieser Liste und fügen Sie die App auf Ihrem neuen Handy hinzu.',
    kept: 'Dieser Code stimmt, und er gilt weiterhin. Bewahren Sie alle Ihre Codes an diesem Ort auf.',
    codesTwice: 'Ihre Wiederherstellungscodes wurden schon erstellt. Wenn Sie sie nicht gespeichert oder notiert haben, erstellen Sie neue.',
    forgotten: 'Der Browser ist entfernt. Dort wird wieder nach einem Code gefragt.',
    forgottenAll: 'Alle Browser sind entfernt. Dort wird wieder nach einem Code gefragt.'
  },
  code: {
    label: 'Code aus Ihrer App',
    hint: lengths => `${lengths} Ziffern`,
    denied: 'Dieser Code ist falsch oder wurde schon benutzt. Warten Sie auf den nächsten Code in Ihrer App und geben Sie diesen ein.',
    malformed: lengths => `Das sieht nicht nach einem Code aus. Geben Sie die ${lengths} Ziffern ein, die Ihre App zeigt.`,
    ahead: time => `Die Uhr Ihres Handys geht ${time} vor, deshalb gelten seine Codes nicht. Schalten Sie in den Einstellungen des Handys die automatische Uhrzeit ein und geben Sie dann den nächsten Code ein.`,
    behind: time => `Die Uhr Ihres Handys geht ${time} nach, deshalb gelten seine Codes nicht. Schalten Sie in den Einstellungen des Handys die automatische Uhrzeit ein und geben Sie dann den nächsten Code ein.`
  },
  recoveryCode: {
    label: 'Wiederherstellungscode',
    hint: '24 Buchstaben und Ziffern in sechs Gruppen',
    denied: 'Dieser Wiederherstellungscode ist falsch oder wurde schon benutzt. Jeder gilt nur einmal. Versuchen Sie einen anderen.',
    malformed: 'Das sieht nicht nach einem Wiederherstellungscode aus. Er hat 24 Zeichen: Buchstaben sowie die Ziffern 2 bis 7.'
  },
  manage: {
    title: 'Anmeldeschutz',
    unprotected: 'Ihr Konto ist nur durch ein Passwort geschützt. Mit einer Authenticator-App genügt ein gestohlenes Passwort nicht, um sich anzumelden.',
    setUp: 'Authenticator-App einrichten',
    unapproved: 'Um mehr zu sehen oder etwas zu ändern, geben Sie zuerst einen Code aus Ihrer App ein.',
    enterCode: 'Code eingeben',
    apps: 'Authenticator-Apps',
    added: date => `Hinzugefügt am ${date}`,
    lastUsed: date => `Zuletzt benutzt am ${date}`,
    neverUsed: 'Noch nicht benutzt',
    rename: 'Umbenennen',
    name: 'Name der App',
    saveName: 'Namen speichern',
    refusedName: 'Geben Sie einen Namen mit 1 bis 64 Zeichen und ohne Doppelpunkt ein.',
    remove: 'Entfernen',
    removing: 'Codes aus dieser App gelten hier dann nicht mehr. Ihre anderen Apps funktionieren weiter.',
    removingLast: 'Das ist Ihre einzige App. Ohne sie schützt nur noch das Passwort Ihr Konto.',
    removingCodes: 'Auch Ihre Wiederherstellungscodes werden gelöscht.',
    removeApp: 'Diese App entfernen',
    addApp: 'Weitere App hinzufügen',
    noRoom: 'Mehr Apps sind nicht möglich. Entfernen Sie zuerst eine.',
    recoveryCodes: 'Wiederherstellungscodes',
    codesLeft: {
      one: count => `Sie haben noch ${count} Wiederherstellungscode.`,
      other: count => `Sie haben noch ${count} Wiederherstellungscodes.`
    },
    noCodesLeft: 'Sie haben keine Wiederherstellungscodes. Erstellen Sie jetzt welche, damit Sie sich auch ohne Ihr Handy anmelden können.',
    fewCodesLeft: 'Das ist wenig. Erstellen Sie bald neue.',
    codesUse: 'Mit jedem können Sie sich einmal anmelden, wenn Sie Ihr Handy verlieren oder es kaputtgeht.',
    newCodes: 'Neue Codes erstellen',
    browsers: 'Gespeicherte Browser',
    browsersRemembered: {
      one: count => `In ${count} Browser wird zurzeit nicht nach einem Code gefragt.`,
      other: count => `In ${count} Browsern wird zurzeit nicht nach einem Code gefragt.`
    },
    noBrowsers: 'In jedem Browser wird nach einem Code gefragt.',
    seeBrowsers: 'Browser anzeigen'
  },
  start: {
    titleFirst: 'Schützen Sie Ihr Konto',
    titleFurther: 'Weitere App hinzufügen',
    whatItIs: 'Eine Authenticator-App auf Ihrem Handy zeigt kurze Codes, die sich ständig ändern. Beim Anmelden geben Sie einen davon ein. So kommt niemand allein mit Ihrem Passwort in Ihr Konto.',
    whichApps: 'Vielleicht ist schon eine auf Ihrem Handy: Passwörter auf dem iPhone, Google Authenticator, Microsoft Authenticator oder ein Passwortmanager. Jede davon ist geeignet. Wenn Sie keine haben, laden Sie zuerst eine aus dem App-Store Ihres Handys.',
    further: 'Sie können mehrere Apps benutzen, zum Beispiel eine auf dem Handy und eine auf einem Tablet. Ein Code aus jeder von ihnen genügt.',
    name: 'Name für diese App',
    nameHint: 'Optional. Damit unterscheiden Sie Ihre Apps, zum Beispiel „Tablet“.',
    refusedName: 'Geben Sie einen Namen mit 1 bis 64 Zeichen und ohne Doppelpunkt ein, oder lassen Sie das Feld leer.',
    begin: 'Einrichtung starten',
    wrongCodes: 'Zu viele falsche Codes, deshalb ist diese Einrichtung beendet. Löschen Sie den Eintrag, den Sie gerade in Ihrer App angelegt haben, und beginnen Sie mit einem neuen Bild.',
    ended: 'Die Einrichtung hat zu lange gedauert und ist abgelaufen. Es hat sich nichts geändert. Bitte starten Sie noch einmal.',
    limit: 'Mehr Apps sind nicht möglich. Entfernen Sie zuerst eine.',
    wait: time => `Sie haben schon mehrmals gestartet. Warten Sie ${time} und starten Sie dann noch einmal.`,
    waited: 'Sie können jetzt noch einmal starten.'
  },
  scan: {
    title: 'App verbinden',
    add: 'Dieses Konto in Ihre App aufnehmen',
    howToScan: 'Öffnen Sie Ihre Authenticator-App, fügen Sie dort ein Konto hinzu und scannen Sie dieses Bild.',
    scanElsewhere: 'Ist die App auf einem anderen Gerät? Fügen Sie dort ein Konto hinzu und scannen Sie dieses Bild.',
    openApp: 'In einer Authenticator-App auf diesem Gerät öffnen',
    qr: 'QR-Code, der Ihr Konto in eine Authenticator-App aufnimmt',
    cannotScan: 'Scannen geht nicht? Schlüssel eintippen',
    howToType: 'Wählen Sie in Ihrer App die Eingabe eines Schlüssels. Wenn die App nach der Art fragt, wählen Sie „zeitbasiert“.',
    key: 'Schlüssel',
    copyKey: 'Schlüssel kopieren',
    confirm: 'Den Code aus der App eingeben',
    entry: 'In der App finden Sie ihn unter diesem Namen:',
    verify: 'Code bestätigen',
    cancel: 'Einrichtung abbrechen'
  },
  challenge: {
    title: 'Code eingeben',
    howTo: brand => `Öffnen Sie Ihre Authenticator-App und geben Sie den Code ein, den sie für ${brand} zeigt.`,
    which: 'Aus welcher App ist der Code?',
    remember: time => `In diesem Browser ${time} lang nicht mehr nach einem Code fragen`,
    rememberHint: 'Nur auf einem Gerät, das Ihnen gehört.',
    submit: 'Weiter',
    lostPhone: 'Handy verloren?',
    locked: 'Zu viele falsche Codes.',
    wait: time => `Warten Sie ${time}. Geben Sie danach den Code ein, den Ihre App dann zeigt.`,
    waited: 'Sie können jetzt einen Code eingeben.',
    disabled: 'Codes aus Ihrer App sind abgeschaltet, weil zu viele falsche eingegeben wurden.',
    whatToDo: brand => `Melden Sie sich mit einem Wiederherstellungscode an. Wenn Sie keinen haben, bitten Sie ${brand} um Hilfe.`,
    useRecoveryCode: 'Wiederherstellungscode benutzen',
    whatToDoWithoutCodes: brand => `Bitten Sie ${brand} um Hilfe, um sich anzumelden. Sobald Ihre Identität bestätigt ist, können Sie einen Code bekommen.`,
    useCodeOfSite: brand => `Code von ${brand} eingeben`,
    notYours: 'Wenn die falschen Codes nicht von Ihnen waren, kennt vielleicht jemand Ihr Passwort: Ändern Sie es.'
  },
  recover: {
    title: 'Ohne Handy anmelden',
    howTo: 'Geben Sie einen der Wiederherstellungscodes ein, die Sie beim Einrichten Ihrer App erhalten haben. Jeder gilt einmal.',
    submit: 'Weiter',
    noCodes: 'Keine Wiederherstellungscodes?',
    askForHelp: brand => `Bitten Sie ${brand} um Hilfe. Sobald Ihre Identität bestätigt ist, können Sie einen Code bekommen, den Sie hier eingeben.`,
    back: 'Ich habe mein Handy: Code aus der App eingeben'
  },
  codes: {
    title: 'Wiederherstellungs\u00adcodes',
    left: {
      one: count => `Sie haben noch ${count} Wiederherstellungscode.`,
      other: count => `Sie haben noch ${count} Wiederherstellungscodes.`
    },
    none: 'Sie haben keine Wiederherstellungscodes.',
    use: 'Mit einem Wiederherstellungscode können Sie sich anmelden, wenn Sie Ihr Handy verlieren oder es kaputtgeht. Jeder gilt einmal.',
    replacing: 'Wenn Sie neue erstellen, gelten alle alten nicht mehr.',
    create: 'Neue Codes erstellen'
  },
  newCodes: {
    title: 'Bewahren Sie Ihre Wiederherstellungs\u00adcodes auf',
    works: 'Ihre Authenticator-App funktioniert. Ihr Konto ist jetzt geschützt.',
    keep: 'Wenn Sie Ihr Handy verlieren oder es kaputtgeht, können Sie sich mit einem dieser Codes anmelden. Jeder gilt einmal. Wir zeigen sie nur jetzt.',
    where: 'Bewahren Sie sie so auf, dass Sie sie ohne Ihr Handy finden: auf Papier oder in einem Passwortmanager.',
    list: 'Ihre Wiederherstellungscodes',
    copy: 'Kopieren',
    download: 'Herunterladen',
    file: 'Wiederherstellungscodes',
    print: 'Drucken',
    checkTitle: 'Gut aufbewahrt?',
    checkHint: 'Geben Sie einen Ihrer Wiederherstellungscodes von dort ein, wo Sie sie aufbewahren. Er wird dabei nicht verbraucht.',
    check: 'Code prüfen',
    skip: 'Ohne Prüfung weiter',
    denied: 'Das ist keiner Ihrer aktuellen Wiederherstellungscodes. Sehen Sie noch einmal dort nach, wo Sie sie aufbewahren. Ältere gelten nicht mehr.',
    lost: 'Sie finden sie nicht?',
    createAgain: 'Neue Codes erstellen'
  },
  remembered: {
    title: 'Gespeicherte Browser',
    what: 'In diesen Browsern wird nicht nach einem Code gefragt. Entfernen Sie die, die Sie nicht mehr benutzen oder nicht kennen.',
    none: 'Es ist kein Browser gespeichert. In jedem Browser wird nach einem Code gefragt.',
    current: 'Dieser Browser',
    since: date => `Seit ${date}`,
    until: date => `Bis ${date}`,
    forget: 'Entfernen',
    forgetAll: 'Alle Browser entfernen'
  },
  problem: {
    loggedOut: {
      title: 'Sie sind abgemeldet',
      text: 'Melden Sie sich wieder an und öffnen Sie dann diese Seite noch einmal.'
    },
    crossSite: {
      title: 'Das kam nicht von unserer Seite',
      text: 'Eine andere Website oder ein sehr alter Browser hat das gesendet. Es hat sich nichts geändert. Öffnen Sie die Seite neu und versuchen Sie es noch einmal.'
    },
    malformed: {
      title: 'Das haben wir nicht verstanden',
      text: 'Im Formular fehlte etwas, oder eine Eingabe war zu lang. Es hat sich nichts geändert. Öffnen Sie die Seite neu und versuchen Sie es noch einmal.'
    },
    notFound: {
      title: 'Diese Seite gibt es nicht',
      text: 'Vielleicht ist der Link veraltet, oder sein Ziel gibt es nicht mehr.'
    },
    unavailable: {
      title: 'Das geht im Moment nicht',
      text: 'Es liegt nicht an Ihnen. Bitte versuchen Sie es in einigen Minuten noch einmal.'
    },
    busy: {
      title: 'Zu viele Anfragen auf einmal',
      text: 'Mehrere Anfragen für Ihr Konto kamen gleichzeitig. Bitte warten Sie einige Sekunden und versuchen Sie es noch einmal.'
    },
    failed: {
      title: 'Etwas ist schiefgegangen',
      text: 'Es liegt nicht an Ihnen. Bitte versuchen Sie es noch einmal. Wenn es wieder passiert, bitten Sie um Hilfe.'
    }
  }
}
