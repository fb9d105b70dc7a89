/** An error as a driver throws it. */
export interface DriverError {
  readonly message: string
  readonly name?: string
  readonly code?: string
  /** Of an `AggregateError`. */
  readonly errors?: readonly string[]
  readonly cause?: string
}

/** The password, user and host that the errors were provoked with. */
export const PASSWORD = 'hunter2-Passw0rd'
const HOST = 'totp-production.cluster-c9akciq32abc.eu-central-1.rds.amazonaws.com'
const SID = 'VA00112233445566778899aabbccddeeff'
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

/**
 * Errors of pg 8, ioredis 5, redis 5, twilio 6, undici 7 and Node.js; then the words that must stay in the
 * log, and those that must not get there. Most were provoked on PostgreSQL 15 and Redis 7, many then with
 * shorter values. Written from the drivers' sources are those of `pg_hba`, a missing role, Drizzle, mysql2,
 * undici's connect timeout, `MaxRetriesPerRequestError`, `requirepass`, `AUTH` with arguments, `Given:` and
 * headers.
 */
export const DRIVER_ERRORS: ReadonlyArray<readonly [error: DriverError, stays: string[], goes: string[]]> = [
  // pg
  [{ message: 'connect ECONNREFUSED 127.0.0.1:5432', code: 'ECONNREFUSED' }, ['connect ECONNREFUSED 127.0.0.1:5432'], []],
  [{ message: `getaddrinfo ENOTFOUND ${HOST}`, code: 'ENOTFOUND' }, [`getaddrinfo ENOTFOUND ${HOST}`], []],
  [{ message: 'password authentication failed for user "totp"', name: 'error', code: '28P01' },
    ['password authentication failed for user'], ['"totp"']],
  [{ message: 'database "totp_staging_database_of_everything" does not exist', code: '3D000' },
    ['database "totp_staging_database_of_everything" does not exist'], []],
  [{ message: 'role "totp_application_of_production" does not exist', code: '28000' },
    ['role "totp_application_of_production" does not exist'], []],
  [{ message: 'relation "authentication.totp_entities_of_the_application" does not exist', code: '42P01' },
    ['relation "authentication.totp_entities_of_the_application" does not exist'], []],
  [{ message: 'column "documents_of_totp_identities" does not exist', code: '42703' },
    ['column "documents_of_totp_identities" does not exist'], []],
  [{ message: 'permission denied for table forbidden_table_of_the_owner', code: '42501' },
    ['permission denied for table forbidden_table_of_the_owner'], []],
  [{ message: `invalid input syntax for type integer: "${SECRET}"`, code: '22P02' },
    ['invalid input syntax for type integer'], [SECRET]],
  [{ message: 'duplicate key value violates unique constraint "totp_entities_of_the_application_pkey"', code: '23505' },
    ['duplicate key value violates unique constraint "totp_entities_of_the_application_pkey"'], []],
  [{ message: 'connect ENOENT /var/run/postgresql-of-production/.s.PGSQL.5432', code: 'ENOENT' },
    ['/var/run/postgresql-of-production/.s.PGSQL.5432'], []],
  [{ message: 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string' },
    ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'], []],
  [{ message: 'no pg_hba.conf entry for host "10.1.2.3", user "totp", database "totp_production_database", no encryption' },
    ['no pg_hba.conf entry for host "10.1.2.3"', 'database "totp_production_database", no encryption'], ['"totp"']],
  [{ message: 'canceling statement due to statement timeout', code: '57014' },
    ['canceling statement due to statement timeout'], []],
  [{ message: '', name: 'AggregateError', code: 'ECONNREFUSED', errors: ['connect ECONNREFUSED 127.0.0.1:1', 'connect ECONNREFUSED ::1:1'] },
    ['connect ECONNREFUSED 127.0.0.1:1; connect ECONNREFUSED ::1:1'], []],
  [{
    message: `Failed query: select document from totp_entities\nparams: identity:alice,${PASSWORD},123456`,
    cause: 'relation "totp_entities" does not exist'
  }, ['Failed query: select document from totp_entities'], ['alice', PASSWORD, '123456']],
  [{ message: 'Failed query', cause: 'relation "totp_entities" does not exist' },
    ['Failed query: relation "totp_entities" does not exist'], []],
  // ioredis and redis
  [{ message: 'getaddrinfo ENOTFOUND totp-cache-production.abc123.ng.0001.euc1.cache.amazonaws.com', code: 'ENOTFOUND' },
    ['totp-cache-production.abc123.ng.0001.euc1.cache.amazonaws.com'], []],
  [{ message: 'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time', name: 'ReplyError' },
    ['the HELLO AUTH <user> <pass> option can be used to authenticate the client'], []],
  [{ message: 'WRONGPASS invalid username-password pair or user is disabled.', name: 'ReplyError' },
    ['WRONGPASS invalid username-password pair or user is disabled.'], []],
  [{ message: 'ERR AUTH <password> called without any password configured for the default user.', name: 'ReplyError' },
    ['ERR AUTH <password> called without any password configured for the default user.'], []],
  [{ message: `ERR unknown command 'JSON.SET', with args beginning with: 'totp:identity:alice' '$' '{"code":"123456"}' '${PASSWORD}' ` },
    ['ERR unknown command \'JSON.SET\', with args beginning with:'], ['alice', '123456', PASSWORD]],
  [{ message: `ERR AUTH totp ${PASSWORD}` }, ['ERR AUTH'], [PASSWORD]],
  [{ message: `ERR Unknown option for CONFIG SET requirepass ${PASSWORD}` }, ['CONFIG SET requirepass'], [PASSWORD]],
  [{ message: 'WRONGTYPE Operation against a key holding the wrong kind of value' },
    ['WRONGTYPE Operation against a key holding the wrong kind of value'], []],
  [{ message: 'OOM command not allowed when used memory > \'maxmemory\'.' }, ['OOM command not allowed when used memory'], []],
  [{ message: 'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.', name: 'MaxRetriesPerRequestError' },
    ['"maxRetriesPerRequest" option'], []],
  [{ message: 'Protocol - http: - is not a valid Redis protocol. Expected redis: or rediss:' }, ['is not a valid Redis protocol'], []],
  // twilio
  [{ message: `The requested resource /v2/Services/${SID}/Entities/ff483d1ff591898a9942916050d2ca3f was not found` },
    [`/v2/Services/${SID}/Entities/`, 'was not found'], ['ff483d1ff591898a9942916050d2ca3f']],
  [{ message: 'accountSid must start with AC. Given: AC0123456789abcdef0123456789abcdef, fedcba9876543210fedcba9876543210' },
    ['accountSid must start with AC'], ['AC0123456789', 'fedcba9876543210']],
  [{ message: 'AuthPayload=123456&FriendlyName=phone' }, ['AuthPayload='], ['123456']],
  // undici and Node.js
  [{ message: 'fetch failed', cause: 'getaddrinfo ENOTFOUND totp-gateway-production.example.com' },
    ['fetch failed: getaddrinfo ENOTFOUND totp-gateway-production.example.com'], []],
  [{ message: `Request cannot be constructed from a URL that includes credentials: https://totp:${PASSWORD}@api.example/` },
    ['@api.example/'], ['totp:', PASSWORD]],
  [{ message: 'Connect Timeout Error (attempted address: totp-gateway-production.example.com:443, timeout: 10000ms)', code: 'UND_ERR_CONNECT_TIMEOUT' },
    ['totp-gateway-production.example.com:443, timeout: 10000ms'], []],
  [{ message: `invalid header: authorization: Basic ${Buffer.from(`AC1:${PASSWORD}`).toString('base64')}` },
    ['invalid header: authorization:'], [Buffer.from(`AC1:${PASSWORD}`).toString('base64')]],
  [{ message: `upstream said no to Bearer ${PASSWORD}.` }, ['upstream said no to Bearer'], [PASSWORD]],
  [{ message: 'Basic authentication is needed' }, ['Basic authentication is needed'], []],
  [{ message: 'Cannot verify', code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }, ['Cannot verify'], []],
  [{ message: `Unexpected token 'h', "${PASSWORD}" is not valid JSON` }, ['Unexpected token \'h\'', 'is not valid JSON'], [PASSWORD]],
  // mysql2, and other ways to write a password
  [{ message: 'Access denied for user \'totp\'@\'10.1.2.3\' (using password: YES)' },
    ['Access denied for user', '\'10.1.2.3\' (using password: YES)'], ['\'totp\'']],
  [{ message: `can't parse "host=db password='${PASSWORD} and more' sslmode=verify-full"` },
    ['host=db', 'sslmode=verify-full'], [PASSWORD, 'and more']],
  // Our own
  [{ message: `a factor is kept by the Verify service ${SID}, which is neither "provider" nor among "formerProviders"` },
    [SID, 'which is neither "provider" nor among "formerProviders"'], []],
  [{ message: `otpauth://totp/Acme:alice?secret=${SECRET}&issuer=Acme` }, ['otpauth:…'], [SECRET, 'alice']],
  [{ message: 'a code such as 123456 or 123 456, a secret such as gezd gnbv gy3t qojq gezd gnbv' },
    ['a code such as'], ['123456', '123 456', 'gezd', 'gnbv']]
]
