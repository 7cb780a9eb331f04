// A merchant on wechatpay-axios-plugin (npm): `order`, `query`, or `hear`, which checks a notification as its own
// documentation does. One JSON object comes in on standard input, and one goes out.
'use strict';

const { readFileSync } = require('node:fs');
const { Wechatpay, Rsa, Aes, Formatter } = require('wechatpay-axios-plugin');

const given = JSON.parse(readFileSync(0, 'utf8'));
const publicKey = readFileSync(given.public_key_file, 'utf8');

function client() {
  return new Wechatpay({
    mchid: given.mchid,
    serial: given.serial,
    privateKey: readFileSync(given.private_key_file, 'utf8'),
    certs: { [given.public_key_id]: publicKey },
    baseURL: given.url,
  });
}

function hear() {
  const header = (name) => given.headers[Object.keys(given.headers).find((each) => each.toLowerCase() === name)];
  const message = Formatter.response(header('wechatpay-timestamp'), header('wechatpay-nonce'), given.body);
  if (header('wechatpay-serial') !== given.public_key_id || !Rsa.verify(message, header('wechatpay-signature'), publicKey)) {
    return { believed: false };
  }
  const { ciphertext, nonce, associated_data: associated } = JSON.parse(given.body).resource;
  const key = readFileSync(given.api_v3_key_file, 'utf8');
  return { believed: true, resource: JSON.parse(Aes.AesGcm.decrypt(ciphertext, key, nonce, associated)) };
}

async function main() {
  if (given.what === 'hear') return hear();
  const transactions = client().v3.pay.transactions;
  const asked = given.what === 'order'
    ? transactions.h5.post(given.order)
    : transactions.outTradeNo._out_trade_no_.get({ params: { mchid: given.mchid }, out_trade_no: given.out_trade_no });
  const { status, data } = await asked;
  return { status, data };
}

main().then((answer) => console.log(JSON.stringify(answer)), (error) => {
  console.error(error.response ? JSON.stringify(error.response.data) : error);
  process.exit(1);
});
