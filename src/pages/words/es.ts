import type { Words } from './words.js'

/** Spanish. */
export const es: Words = {
  direction: 'ltr',
  frame: {
    account: name => `Cuenta: ${name}`,
    leave: brand => `Volver a ${brand}`,
    manage: 'Ir a la protección del acceso',
    problemTitle: title => `Problema: ${title}`,
    browser: (browser, system) => `${browser} en ${system}`,
    copied: 'Copiado'
  },
  notices: {
    verified: 'Su aplicación de autenticación funciona. A partir de ahora la necesitará para iniciar sesión.',
    renamed: 'El nuevo nombre se ha guardado.',
    removed: 'La aplicación se ha quitado. Sus códigos ya no sirven aquí.',
    recovered: 'Ya ha entrado. Ese código de recuperación ya no sirve. Si ha perdido el teléfono, quite su aplicación de esta lista y añada la de su teléfono nuevo.',
    kept: 'Ese código es correcto y sigue sirviendo. Guarde todos sus códigos en ese sitio.',
    codesTwice: 'Sus códigos de recuperación ya se habían creado. Si no los guardó, cree otros nuevos.',
    forgotten: 'Ese navegador se ha quitado. Se volverá a pedir un código en él.',
    forgottenAll: 'Todos los navegadores se han quitado. Se volverá a pedir un código en ellos.'
  },
  code: {
    label: 'Código de su aplicación',
    hint: lengths => `${lengths} cifras`,
    denied: 'Ese código no es correcto o ya se ha usado. Espere al siguiente código de su aplicación y escríbalo.',
    malformed: lengths => `Eso no parece un código. Escriba las ${lengths} cifras que muestra su aplicación.`,
    ahead: time => `El reloj de su teléfono va ${time} adelantado y por eso sus códigos no sirven. Active la hora automática en los ajustes del teléfono y escriba después el siguiente código.`,
    behind: time => `El reloj de su teléfono va ${time} atrasado y por eso sus códigos no sirven. Active la hora automática en los ajustes del teléfono y escriba después el siguiente código.`
  },
  recoveryCode: {
    label: 'Código de recuperación',
    hint: '24 letras y cifras en seis grupos',
    denied: 'Ese código de recuperación no es correcto o ya se ha usado. Cada uno sirve una sola vez. Pruebe con otro.',
    malformed: 'Eso no parece un código de recuperación. Tiene 24 caracteres: letras, y cifras del 2 al 7.'
  },
  manage: {
    title: 'Protección del acceso',
    unprotected: 'Solo una contraseña protege su cuenta. Con una aplicación de autenticación, una contraseña robada no basta para entrar.',
    setUp: 'Configurar una aplicación de autenticación',
    unapproved: 'Para ver más o cambiar algo, introduzca primero un código de su aplicación.',
    enterCode: 'Introducir un código',
    apps: 'Aplicaciones de autenticación',
    added: date => `Añadida el ${date}`,
    lastUsed: date => `Usada por última vez el ${date}`,
    neverUsed: 'Aún sin usar',
    rename: 'Cambiar nombre',
    name: 'Nombre de la aplicación',
    saveName: 'Guardar nombre',
    refusedName: 'Escriba un nombre de 1 a 64 caracteres, sin dos puntos.',
    remove: 'Quitar',
    removing: 'Los códigos de esta aplicación dejarán de servir aquí. Sus otras aplicaciones seguirán funcionando.',
    removingLast: 'Es su única aplicación. Sin ella, solo la contraseña protegerá su cuenta.',
    removingCodes: 'También se borrarán sus códigos de recuperación.',
    removeApp: 'Quitar esta aplicación',
    addApp: 'Añadir otra aplicación',
    noRoom: 'No se pueden añadir más aplicaciones. Quite una antes.',
    recoveryCodes: 'Códigos de recuperación',
    codesLeft: {
      one: count => `Le queda ${count} código de recuperación.`,
      other: count => `Le quedan ${count} códigos de recuperación.`
    },
    noCodesLeft: 'No tiene códigos de recuperación. Cree algunos ahora para poder entrar sin el teléfono.',
    fewCodesLeft: 'Conviene crear pronto otros nuevos.',
    codesUse: 'Cada uno le permite entrar una vez si pierde el teléfono o se le rompe.',
    newCodes: 'Crear códigos de recuperación nuevos',
    browsers: 'Navegadores recordados',
    browsersRemembered: {
      one: count => `Por ahora no se pide código en ${count} navegador.`,
      other: count => `Por ahora no se pide código en ${count} navegadores.`
    },
    noBrowsers: 'Se pide un código en todos los navegadores.',
    seeBrowsers: 'Ver navegadores'
  },
  start: {
    titleFirst: 'Proteja su cuenta',
    titleFurther: 'Añadir otra aplicación',
    whatItIs: 'Una aplicación de autenticación muestra en su teléfono códigos cortos que cambian continuamente. Al iniciar sesión se escribe uno de ellos, así que nadie puede entrar solo con su contraseña.',
    whichApps: 'Es posible que su teléfono ya tenga una: Contraseñas en el iPhone, Google Authenticator, Microsoft Authenticator o un gestor de contraseñas. Cualquiera sirve. Si no tiene ninguna, descargue antes una de la tienda de aplicaciones de su teléfono.',
    further: 'Puede usar varias aplicaciones, por ejemplo una en el teléfono y otra en una tableta. Basta un código de cualquiera de ellas.',
    name: 'Nombre para esta aplicación',
    nameHint: 'Opcional. Le ayuda a distinguir sus aplicaciones, por ejemplo «Tableta».',
    refusedName: 'Escriba un nombre de 1 a 64 caracteres, sin dos puntos, o deje el campo vacío.',
    begin: 'Empezar la configuración',
    wrongCodes: 'Demasiados códigos incorrectos: esta configuración ha terminado. Borre de su aplicación la entrada que acaba de crear y empiece de nuevo con otra imagen.',
    ended: 'La configuración ha tardado demasiado y ha caducado. No se ha cambiado nada. Vuelva a empezar.',
    limit: 'No se pueden añadir más aplicaciones. Quite una antes.',
    wait: time => `Ha empezado varias veces. Espere ${time} y vuelva a empezar.`,
    waited: 'Ya puede volver a empezar.'
  },
  scan: {
    title: 'Conecte su aplicación',
    add: 'Añada esta cuenta a su aplicación',
    howToScan: 'Abra su aplicación de autenticación, añada una cuenta y escanee esta imagen.',
    scanElsewhere: '¿Tiene la aplicación en otro dispositivo? Añada allí una cuenta y escanee esta imagen.',
    openApp: 'Abrir en una aplicación de autenticación de este dispositivo',
    qr: 'Código QR que añade su cuenta a una aplicación de autenticación',
    cannotScan: '¿No puede escanearla? Escriba una clave',
    howToType: 'En su aplicación, elija introducir una clave. Si le pregunta el tipo, elija «basada en el tiempo».',
    key: 'Clave',
    copyKey: 'Copiar clave',
    confirm: 'Escriba el código que muestra la aplicación',
    entry: 'Lo encontrará en la aplicación con este nombre:',
    verify: 'Confirmar código',
    cancel: 'Cancelar la configuración'
  },
  challenge: {
    title: 'Introduzca su código',
    howTo: brand => `Abra su aplicación de autenticación y escriba el código que muestra para ${brand}.`,
    which: '¿De qué aplicación es el código?',
    remember: time => `No volver a pedir un código en este navegador durante ${time}`,
    rememberHint: 'Solo en un dispositivo que sea suyo.',
    submit: 'Continuar',
    lostPhone: '¿Ha perdido el teléfono?',
    locked: 'Demasiados códigos incorrectos.',
    wait: time => `Espere ${time} y escriba el código que muestre entonces su aplicación.`,
    waited: 'Ya puede escribir un código.',
    disabled: 'Los códigos de su aplicación están desactivados porque se han escrito demasiados códigos incorrectos.',
    whatToDo: brand => `Para entrar, use un código de recuperación. Si no tiene ninguno, pida ayuda a ${brand}.`,
    useRecoveryCode: 'Usar un código de recuperación',
    whatToDoWithoutCodes: brand => `Para entrar, pida ayuda a ${brand}. Cuando hayan comprobado que es usted, pueden darle un código.`,
    useCodeOfSite: brand => `Escribir el código de ${brand}`,
    notYours: 'Si no fue usted quien escribió los códigos incorrectos, es posible que alguien conozca su contraseña: cámbiela.'
  },
  recover: {
    title: 'Entrar sin el teléfono',
    howTo: 'Escriba uno de los códigos de recuperación que guardó al configurar su aplicación. Cada uno sirve una vez.',
    submit: 'Continuar',
    noCodes: '¿No tiene códigos de recuperación?',
    askForHelp: brand => `Pida ayuda a ${brand}. Cuando hayan comprobado que es usted, pueden darle un código para escribirlo aquí.`,
    back: 'Tengo el teléfono: introducir un código de la aplicación'
  },
  codes: {
    title: 'Códigos de recuperación',
    left: {
      one: count => `Le queda ${count} código de recuperación.`,
      other: count => `Le quedan ${count} códigos de recuperación.`
    },
    none: 'No tiene códigos de recuperación.',
    use: 'Con un código de recuperación puede iniciar sesión si pierde el teléfono o se le rompe. Cada uno sirve una vez.',
    replacing: 'Si crea otros nuevos, todos los anteriores dejan de servir.',
    create: 'Crear códigos de recuperación nuevos'
  },
  newCodes: {
    title: 'Guarde sus códigos de recuperación',
    works: 'Su aplicación de autenticación funciona. Su cuenta ya está protegida.',
    keep: 'Si pierde el teléfono o se le rompe, podrá entrar con uno de estos códigos. Cada uno sirve una vez. Solo se muestran ahora.',
    where: 'Guárdelos donde pueda encontrarlos sin el teléfono: en papel o en un gestor de contraseñas.',
    list: 'Sus códigos de recuperación',
    copy: 'Copiar',
    download: 'Descargar',
    file: 'codigos-de-recuperacion',
    print: 'Imprimir',
    checkTitle: '¿Los ha guardado bien?',
    checkHint: 'Escriba uno de sus códigos de recuperación tal como lo tiene guardado. Podrá volver a usarlo.',
    check: 'Comprobar código',
    skip: 'Continuar sin comprobar',
    denied: 'No es uno de sus códigos de recuperación actuales. Mire otra vez donde los guardó. Los anteriores ya no sirven.',
    lost: '¿No los encuentra?',
    createAgain: 'Crear códigos de recuperación nuevos'
  },
  remembered: {
    title: 'Navegadores recordados',
    what: 'En estos navegadores no se pide ningún código. Quite los que ya no use o no reconozca.',
    none: 'No hay ningún navegador recordado. Se pide un código en todos.',
    current: 'Este navegador',
    since: date => `Desde el ${date}`,
    until: date => `Hasta el ${date}`,
    forget: 'Quitar',
    forgetAll: 'Quitar todos los navegadores'
  },
  problem: {
    loggedOut: {
      title: 'Su sesión se ha cerrado',
      text: 'Vuelva a iniciar sesión y abra después esta página otra vez.'
    },
    crossSite: {
      title: 'Esto no viene de nuestra página',
      text: 'Lo ha enviado otro sitio o un navegador muy antiguo. No se ha cambiado nada. Abra la página de nuevo e inténtelo otra vez.'
    },
    malformed: {
      title: 'No hemos podido procesar el formulario',
      text: 'En el formulario faltaba algo o algo era demasiado largo. No se ha cambiado nada. Abra la página de nuevo e inténtelo otra vez.'
    },
    notFound: {
      title: 'Esta página no existe',
      text: 'Puede que el enlace sea antiguo o que su destino ya no exista.'
    },
    unavailable: {
      title: 'Esto no funciona en este momento',
      text: 'No es culpa suya. Inténtelo otra vez dentro de unos minutos.'
    },
    busy: {
      title: 'Demasiadas peticiones a la vez',
      text: 'Han llegado varias peticiones para su cuenta al mismo tiempo. Espere unos segundos e inténtelo otra vez.'
    },
    failed: {
      title: 'Algo ha salido mal',
      text: 'No es culpa suya. Inténtelo otra vez. Si vuelve a ocurrir, pida ayuda.'
    }
  }
}
