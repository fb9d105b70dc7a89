export { storeSuite } from './testing/store-suite/store-suite.js'
export type { StoreSuiteOptions } from './testing/store-suite/store-suite.js'
