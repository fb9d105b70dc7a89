export { verifyApi, verifyApi as default } from './verify-api/plugin.js'
export type { ApiKey, VerifyApiOptions } from './verify-api/options.js'
export type { EntityDocument, ServiceDocument, VerifyDocument } from './verify-api/records/documents.js'
