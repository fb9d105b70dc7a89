import type { Static, TSchema } from '@sinclair/typebox'
import { Ajv, type ValidateFunction } from 'ajv'
import { MalformedError } from '../errors.js'

/** Takes nothing for what it isn't, and leaves nothing out: a code that came as a number is no code. */
const ajv = new Ajv({ coerceTypes: false, removeAdditional: false, useDefaults: false })

/** The check of a schema; each schema is compiled once. */
export function validatorOf<Value = unknown> (schema: object): ValidateFunction<Value> {
  return ajv.compile<Value>(schema)
}

/** Takes what fits the schema; what the framework in front has let through is not taken on trust. */
export function parserOf<Schema extends TSchema> (schema: Schema): (value: unknown) => Static<Schema> {
  const fits = validatorOf<Static<Schema>>(schema)
  return value => {
    if (!fits(value)) throw new MalformedError(`malformed: ${ajv.errorsText(fits.errors)}`)
    return value
  }
}
