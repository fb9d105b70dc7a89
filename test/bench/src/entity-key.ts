/** The key of an identity's document: every file of the bench takes it from here. */
export { keyOf } from '../../../dist/verifier/entities.js'
