import type { Words } from './words.js'

/** English. */
export const en: Words = {
  direction: 'ltr',
  frame: {
    account: name => `Account: ${name}`,
    leave: brand => `Back to ${brand}`,
    manage: 'Go to login protection',
    problemTitle: title => `Problem: ${title}`,
    browser: (browser, system) => `${browser} on ${system}`,
    copied: 'Copied'
  },
  notices: {
    verified: 'Your authenticator app works. From now on, you need it when you log in.',
    renamed: 'The new name is saved.',
    removed: 'The app is removed. Its codes no longer work here.',
    recovered: 'You’re in. That recovery code is used up. If your phone is gone, remove its app from this list and add the app on your new phone.',
    kept: 'That code is right, and it still works. Keep all your codes in that place.',
    codesTwice: 'Your recovery codes were already created. If you didn’t keep them, create new ones.',
    forgotten: 'That browser is forgotten. You’ll be asked for a code there again.',
    forgottenAll: 'All browsers are forgotten. You’ll be asked for a code again.'
  },
  code: {
    label: 'Code from your app',
    hint: lengths => `${lengths} digits`,
    denied: 'That code isn’t right, or it was used before. Wait for the next code in your app, then type that one.',
    malformed: lengths => `That doesn’t look like a code. Type the ${lengths} digits that your app shows.`,
    ahead: time => `Your phone’s clock is ${time} ahead, so its codes don’t work. Turn on automatic time in your phone’s settings, then type the next code.`,
    behind: time => `Your phone’s clock is ${time} behind, so its codes don’t work. Turn on automatic time in your phone’s settings, then type the next code.`
  },
  recoveryCode: {
    label: 'Recovery code',
    hint: '24 letters and digits in six groups',
    denied: 'That recovery code isn’t right, or it was used before. Each one works only once. Try another one.',
    malformed: 'That doesn’t look like a recovery code. It has 24 characters: letters, and digits from 2 to 7.'
  },
  manage: {
    title: 'Login protection',
    unprotected: 'Only a password protects your account. With an authenticator app, a stolen password isn’t enough to get in.',
    setUp: 'Set up an authenticator app',
    unapproved: 'To see more or to change something, first enter a code from your app.',
    enterCode: 'Enter a code',
    apps: 'Authenticator apps',
    added: date => `Added on ${date}`,
    lastUsed: date => `Last used on ${date}`,
    neverUsed: 'Not used yet',
    rename: 'Rename',
    name: 'Name of the app',
    saveName: 'Save name',
    refusedName: 'Type a name of 1 to 64 characters, without a colon.',
    remove: 'Remove',
    removing: 'Codes from this app will no longer work here. Your other apps keep working.',
    removingLast: 'This is your only app. Without it, your account is protected by your password alone.',
    removingCodes: 'Your recovery codes are deleted too.',
    removeApp: 'Remove this app',
    addApp: 'Add another app',
    noRoom: 'You can’t add more apps. Remove one first.',
    recoveryCodes: 'Recovery codes',
    codesLeft: {
      one: count => `You have ${count} recovery code left.`,
      other: count => `You have ${count} recovery codes left.`
    },
    noCodesLeft: 'You have no recovery codes. Create some now, so that you can get in without your phone.',
    fewCodesLeft: 'That is not many. Create new ones soon.',
    codesUse: 'Each one gets you in once if your phone is lost or broken.',
    newCodes: 'Create new recovery codes',
    browsers: 'Remembered browsers',
    browsersRemembered: {
      one: count => `You aren’t asked for a code in ${count} browser at the moment.`,
      other: count => `You aren’t asked for a code in ${count} browsers at the moment.`
    },
    noBrowsers: 'You’re asked for a code in every browser.',
    seeBrowsers: 'Show browsers'
  },
  start: {
    titleFirst: 'Protect your account',
    titleFurther: 'Add another app',
    whatItIs: 'An authenticator app on your phone shows short codes that change all the time. You type one when you log in, so nobody gets in with your password alone.',
    whichApps: 'Your phone may have one already: Passwords on iPhone, Google Authenticator, Microsoft Authenticator, or a password manager. Any of them works. If you have none, first get one from your phone’s app store.',
    further: 'You can use several apps, for example one on your phone and one on a tablet. A code from any of them lets you in.',
    name: 'Name for this app',
    nameHint: 'Optional. It helps you to tell your apps apart, for example “Tablet”.',
    refusedName: 'Type a name of 1 to 64 characters without a colon, or leave the field empty.',
    begin: 'Start setup',
    wrongCodes: 'Too many wrong codes, so this setup has ended. Delete the entry you just made in your app, then start again with a new picture.',
    ended: 'The setup took too long and has ended. Nothing has changed. Please start again.',
    limit: 'You can’t add more apps. Remove one first.',
    wait: time => `You have started several times. Wait ${time}, then start again.`,
    waited: 'You can start again now.'
  },
  scan: {
    title: 'Connect your app',
    add: 'Add this account to your app',
    howToScan: 'Open your authenticator app, choose to add an account, and scan this picture.',
    scanElsewhere: 'Is the app on another device? Choose to add an account there, and scan this picture.',
    openApp: 'Open in an authenticator app on this device',
    qr: 'QR code that adds your account to an authenticator app',
    cannotScan: 'Can’t scan it? Type a key instead',
    howToType: 'In your app, choose to enter a key. If the app asks for a type, choose “time-based”.',
    key: 'Key',
    copyKey: 'Copy key',
    confirm: 'Type the code that the app shows',
    entry: 'You’ll find it in the app under this name:',
    verify: 'Confirm code',
    cancel: 'Cancel setup'
  },
  challenge: {
    title: 'Enter your code',
    howTo: brand => `Open your authenticator app and type the code that it shows for ${brand}.`,
    which: 'Which app is the code from?',
    remember: time => `Don’t ask for a code again in this browser for ${time}`,
    rememberHint: 'Only use this on a device of your own.',
    submit: 'Continue',
    lostPhone: 'Lost your phone?',
    locked: 'Too many wrong codes.',
    wait: time => `Wait ${time}, then type the code that your app shows at that moment.`,
    waited: 'You can type a code now.',
    disabled: 'Codes from your app are turned off, because too many wrong ones were typed.',
    whatToDo: brand => `To get in, use a recovery code. If you have none, ask ${brand} for help.`,
    useRecoveryCode: 'Use a recovery code',
    whatToDoWithoutCodes: brand => `To get in, ask ${brand} for help. Once they know that it’s you, they can give you a code.`,
    useCodeOfSite: brand => `Enter the code from ${brand}`,
    notYours: 'If the wrong codes weren’t yours, someone may know your password: change it.'
  },
  recover: {
    title: 'Log in without your phone',
    howTo: 'Type one of the recovery codes that you kept when you set up your app. Each one works once.',
    submit: 'Continue',
    noCodes: 'No recovery codes?',
    askForHelp: brand => `Ask ${brand} for help. Once they know that it’s you, they can give you a code to type here.`,
    back: 'I have my phone: enter a code from the app'
  },
  codes: {
    title: 'Recovery codes',
    left: {
      one: count => `You have ${count} recovery code left.`,
      other: count => `You have ${count} recovery codes left.`
    },
    none: 'You have no recovery codes.',
    use: 'With a recovery code you can log in if your phone is lost or broken. Each one works once.',
    replacing: 'If you create new ones, all the old ones stop working.',
    create: 'Create new recovery codes'
  },
  newCodes: {
    title: 'Keep your recovery codes',
    works: 'Your authenticator app works. Your account is protected now.',
    keep: 'If your phone is lost or broken, one of these codes lets you in. Each one works once. We show them only now.',
    where: 'Keep them where you can find them without your phone: on paper, or in a password manager.',
    list: 'Your recovery codes',
    copy: 'Copy',
    download: 'Download',
    file: 'recovery-codes',
    print: 'Print',
    checkTitle: 'Kept them safely?',
    checkHint: 'Type one of your recovery codes from where you kept them. This doesn’t use it up.',
    check: 'Check code',
    skip: 'Continue without checking',
    denied: 'That isn’t one of your current recovery codes. Look again where you kept them. Older ones no longer work.',
    lost: 'Can’t find them?',
    createAgain: 'Create new recovery codes'
  },
  remembered: {
    title: 'Remembered browsers',
    what: 'You aren’t asked for a code in these browsers. Forget any that you no longer use or don’t recognize.',
    none: 'No browser is remembered. You’re asked for a code in every browser.',
    current: 'This browser',
    since: date => `Since ${date}`,
    until: date => `Until ${date}`,
    forget: 'Forget',
    forgetAll: 'Forget all browsers'
  },
  problem: {
    loggedOut: {
      title: 'You are logged out',
      text: 'Log in again, then come back to this page.'
    },
    crossSite: {
      title: 'This didn’t come from our page',
      text: 'Another site, or a very old browser, sent this. Nothing has changed. Open the page again and try once more.'
    },
    malformed: {
      title: 'We didn’t understand that',
      text: 'Something in the form was missing or too long. Nothing has changed. Open the page again and try once more.'
    },
    notFound: {
      title: 'This page doesn’t exist',
      text: 'The link may be old, or it may lead to something that was removed.'
    },
    unavailable: {
      title: 'This doesn’t work at the moment',
      text: 'It isn’t your fault. Please try again in a few minutes.'
    },
    busy: {
      title: 'Too many requests at once',
      text: 'Several requests for your account came at the same time. Please wait a few seconds and try again.'
    },
    failed: {
      title: 'Something went wrong',
      text: 'It isn’t your fault. Please try again. If it happens again, ask for help.'
    }
  }
}
