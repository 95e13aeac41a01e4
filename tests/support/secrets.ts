// Texts with secrets in them, and what of them must not be seen. None of them is one: all are made up.

export interface TextWithSecrets {
  readonly text: string;
  readonly secrets: readonly string[];
}

const having = (text: string, ...secrets: readonly string[]): TextWithSecrets => ({ text, secrets });
const letters = (length: number): string => 'aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYz'.repeat(5).slice(0, length);
const key = (prefix: string, length: number): TextWithSecrets =>
  having(`key ${prefix}${letters(length)} used`, letters(length));

export const SECRETS: readonly TextWithSecrets[] = [
  having('sent Bearer zWq81-opaque.value', 'zWq81'),
  having('sent Basic dXNlcjpodW50ZXIx', 'dXNlcjpodW50ZXIx'),
  having('GET https://h.example/a?page=2&password=hunter02#x', 'hunter02'),
  having('page=2&access_token=hunter03', 'hunter03'),
  having('user%5Bpassword%5D=hunter04&x=1', 'hunter04'),
  having('https://h.example/login?next=https://i.example/?token=hunter05', 'hunter05'),
  having('next=https%3A%2F%2Fi.example%2F%3Ftoken%3Dhunter06%26a%3D1', 'hunter06'),
  having('postgres://admin7:hunter07@db.example/shop', 'hunter07', 'admin7'),
  having('amqp://me8@h:p@ss8@mq.example', 'p@ss8', 'me8@'),
  having('host=h password="hunter 09" user=u', 'hunter 09'),
  having('OTEL_EXPORTER_OTLP_HEADERS=api-key=hunter10', 'hunter10'),
  having('{"password":"hun\\"ter11","a":["b"]}', 'ter11'),
  having('{"body":"{\\"token\\":\\"hunter12\\"}"}', 'hunter12'),
  having(
    "{ headers: { 'set-cookie': [ 'sid=hunter13; Path=/', 'a=hunter13b' ], authorization: 'hunter14' } }",
    'hunter13',
    'hunter14',
  ),
  having('mail to ann.b+c@mail.example.org now', 'ann.b', 'mail.example'),
  having('email=ann16%40mail.example', 'ann16'),
  having('grüße an jürgen@bücher.example heute', 'rgen', 'cher.ex'),
  having('paid with 4111 1111 1111 1111 today', '1111 1111'),
  having('card=5555+5555+5555+4444', '5555+5555'),
  having('amex 378282246310005', '378282246310005'),
  having('jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl end', 'eyJhbGci', 'eyJzdWI', 'c2lnbm'),
  having('cut eyJhbGciOiJI.eyJzdWIiO', 'eyJhbGci', 'eyJzdWI'),
  having('GET / HTTP/1.1\r\nCookie: sid=hunter21; b=c\r\nAuthorization: Digest hunter22', 'hunter21', 'hunter22'),
  having('got Set-Cookie: sid=hunter23; Path=/; HttpOnly', 'hunter23'),
  having('AKIAIOSFODNN7EXAMPLE', 'IOSFODNN7'),
  key('ghp_', 36),
  key('github_pat_', 40),
  key('glpat-', 20),
  key('xoxb-1234-', 24),
  key('sk-proj-', 48),
  key('sk_live_', 24),
  key('AIza', 35),
  key('npm_', 36),
  key('hf_', 34),
  having(`-----BEGIN ${'PRIVATE'} KEY-----\nMIIhunter33\n-----END ${'PRIVATE'} KEY-----`, 'MIIhunter33'),
];
