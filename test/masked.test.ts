import t from 'tap'
import { masked } from '../src/masked.js'

t.test('what stays, and what is masked', async t => {
  for (const [text, shown] of [
    ['', ''],
    ['connection refused', 'connection refused'],
    ['postgres://anna:s3cret@db.example:5432/app', 'postgres://…@db.example:5432/app'],
    ['see https://db.example/manual', 'see https://db.example/manual'],
    ['mail anna@db.example', 'mail anna@db.example'],
    ['Unexpected token x in "{"code":"123456"}" is not valid JSON', 'Unexpected token x in "…" is not valid JSON'],
    ['it is not valid JSON', 'it is not valid JSON'],
    ['Authorization: Basic YWxpY2U6c2VjcmV0', 'Authorization: …'],
    ['a header Bearer eyJhbGciOi was sent', 'a header Bearer … was sent'],
    ['use Basic authentication, please', 'use Basic authentication, please'],
    ['otpauth://totp/Acme:alice?secret=ABC', 'otpauth:…'],
    ['password=hunter2 failed', 'password=… failed'],
    ['user "anna" is unknown', 'user "…" is unknown'],
    ['ABCD-EFGH-IJKL-MNOP-QRST-2345 is spent', '… is spent'],
    ['this very same text goes on', 'this very same text goes on'],
    ['THIS VERY SAME TEXT GOES', '…'],
    ['code 123456, or 123 456', 'code …, or …'],
    ['relation "totp_entities" does not exist', 'relation "totp_entities" does not exist'],
    ['open /var/lib/totp/entities.json', 'open /var/lib/totp/entities.json'],
    ['open /var/9f8a7c6b5d4e3f2a1b0c9d8e7f/entities', 'open /var/…/entities'],
    ['a/9f8a7c6b5d4e3f2a1b0c9d8e7f', '…'],
    ['/9f8a7c6b5d4e3f2a1b0c/9f8a7c6b5d4e3f2a1b0c', '…'],
    ['VA0123456789abcdef0123456789abcdef', 'VA0123456789abcdef0123456789abcdef'],
    ['SK0123456789abcdef0123456789abcdef', '…'],
    ['123e4567-e89b-12d3-a456-426614174000', '…'],
    ['abcdefghiJKLMNOPqrstuv', '…'],
    ['totp_entities_by_revision', 'totp_entities_by_revision'],
    ['mixedCaseWordsAreAllWords', 'mixedCaseWordsAreAllWords'],
    ['mixdKlpsWrdsXrtLlWrdsBcd', '…'],
    ['wait ... --', 'wait ... --'],
    ['one+two', 'one+two'],
    ['Entities-234', 'Entities-234'],
    ['ABCDEFGHIJKLMNOPQRSTUV', '…'],
    ['open-entities-of-users', 'open-entities-of-users'],
    ['key=value', 'key=value']
  ] as const) t.equal(masked(text), shown, text)
})
