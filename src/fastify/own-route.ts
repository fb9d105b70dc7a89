/**
 * Marks requests to the plugin's own routes: a guard over their scope lets them pass, because they judge for
 * themselves.
 */
export const OWN_ROUTE = Symbol('fastify-verify-totp route')
