// Google's Node client against the emulator.
//
//   node client.js CASE TOPIC SUBSCRIPTION COUNT BYTES
//
// PUBSUB_EMULATOR_HOST names the server. Publishes COUNT messages, receives until as
// many different ones have come, and prints one line of JSON.
'use strict';

const {PubSub} = require('@google-cloud/pubsub');

const [kind, topicName, subscriptionName, countText, bytesText] = process.argv.slice(2);
const count = Number(countText);

async function publish(client) {
  const ordered = kind === 'ordered';
  const topic = client.topic(topicName, {messageOrdering: ordered});
  const data = Buffer.alloc(Number(bytesText), 'x');
  const ids = [];
  for (let i = 0; i < count; i++) {
    const message = {data, attributes: {n: String(i)}};
    if (ordered) message.orderingKey = `key-${i % 10}`;
    ids.push(topic.publishMessage(message));
  }
  await Promise.all(ids);
}

function receive(client) {
  const seen = new Set();
  const last = new Map();
  const result = {distinct: 0, received: 0, disorder: 0};
  const subscription = client.subscription(subscriptionName);
  const wanted = kind === 'nack' ? 2 * count : count;
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${seen.size} of ${count}`)), 120000);
    subscription.on('error', reject);
    subscription.on('message', async message => {
      const n = message.attributes.n;
      const first = !seen.has(n);
      seen.add(n);
      result.received++;
      const before = last.get(message.orderingKey);
      if (message.orderingKey && before >= Number(n)) result.disorder++;
      last.set(message.orderingKey, Number(n));
      if (kind === 'nack' && first) message.nack();
      else message.ack();
      if (seen.size === count && result.received >= wanted) {
        clearTimeout(late);
        result.distinct = seen.size;
        await subscription.close();
        resolve(result);
      }
    });
  });
}

async function main() {
  const client = new PubSub({projectId: topicName.split('/')[1]});
  await publish(client);
  console.log(JSON.stringify(await receive(client)));
  process.exit(0);
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
