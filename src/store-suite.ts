export { storeSuite } from './stores/suite/suite.js'
export type { StoreSuiteOptions } from './stores/suite/suite.js'
