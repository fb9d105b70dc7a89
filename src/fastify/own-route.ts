/**
 * Marks the plugin's own routes: a guard over their scope lets them pass, because they judge for themselves.
 * It also marks the requests of their scope: that is asked first, because asking for the route costs more.
 */
export const OWN_ROUTE = Symbol('fastify-verify-totp route')
