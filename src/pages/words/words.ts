/** The texts of the pages in one language. */
export interface Words {
  /** How the language is written. */
  readonly direction: 'ltr' | 'rtl'
}
