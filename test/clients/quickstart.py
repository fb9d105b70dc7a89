"""The TOTP quickstart with Twilio's helper library, against a stand-in for Verify.

Prints each step as one line of JSON. After the secret it reads four codes, one a line.
"""
import json
import os

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

client = Client(os.environ['TWILIO_ACCOUNT_SID'], os.environ['TWILIO_AUTH_TOKEN'])
client.verify.base_url = os.environ['TWILIO_VERIFY_BASE_URL']
service = client.verify.services(os.environ['VERIFY_SERVICE_SID'])
entity = service.entities('ff483d1ff591898a9942916050d2ca3f')


def show(**facts):
    print(json.dumps(facts), flush=True)


def error_of(request):
    try:
        request()
    except TwilioRestException as error:
        return [error.status, error.code]


factor = entity.new_factors.create(friendly_name="Taylor's Account Name", factor_type='totp')
show(sid=factor.sid, status=factor.status, name=factor.friendly_name, **factor.binding)
refused = error_of(lambda: entity.challenges.create(factor_sid=factor.sid, auth_payload='123456'))
first_code, wrong_code, code, next_code = (input() for _ in range(4))

verified = entity.factors(factor.sid).update(auth_payload=first_code)
show(status=verified.status)

for number in range(3):
    entity.new_factors.create(friendly_name='Spare %d' % number, factor_type='totp')
listed = entity.factors.list(page_size=1)
show(names=[each.friendly_name for each in listed], created=str(listed[0].date_created))

challenge = entity.challenges.create(factor_sid=factor.sid, auth_payload=code)
show(status=challenge.status, responded=str(challenge.date_responded))

pending = entity.challenges.create(factor_sid=factor.sid, auth_payload=wrong_code)
approved = entity.challenges(pending.sid).update(auth_payload=next_code)
show(before=pending.status, after=approved.status)

missing = error_of(lambda: entity.factors('YF' + 32 * '0').fetch())
show(missing=missing, refused=refused)
