import { untyped } from '../untyped.js'

/** A table of a language that is written from right to left, with a few texts only. */
export const hebrew = untyped({
  direction: 'rtl',
  frame: { account: (name: string) => `חשבון: ${name}`, leave: (brand: string) => `חזרה אל ${brand}` },
  challenge: { title: 'הזנת קוד', submit: 'המשך', lostPhone: 'איבדת את הטלפון?' },
  code: { label: 'קוד מהאפליקציה' }
})
