export { countIdentities } from './operations/scan.js'
export type { RefusedIdentity, ScanOptions, StoreOptions } from './operations/scan.js'
export { report } from './operations/report.js'
export type { ReportedFactor, ReportedIdentity, ReportOptions } from './operations/report.js'
export { reseal } from './operations/reseal.js'
export type { ResealedIdentity, ResealOptions } from './operations/reseal.js'
export { exportEntities, importEntities } from './operations/transfer.js'
export type {
  ExportedIdentity, Importable, ImportedIdentity, ImportOptions
} from './operations/transfer.js'
