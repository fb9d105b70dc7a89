/**
 * Marks the plugin's own routes: a guard over their scope lets them pass, because they decide for themselves.
 * It also marks every request in their scope, which the guard looks at first because that costs less.
 */
export const OWN_ROUTE = Symbol('fastify-verify-totp route')
