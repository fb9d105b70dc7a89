/**
 * Marks the plugin's own routes: a guard over their scope lets them pass, because they judge for themselves.
 * So does it mark all requests in that scope, because that costs less to ask: others are none of theirs.
 */
export const OWN_ROUTE = Symbol('fastify-verify-totp route')
