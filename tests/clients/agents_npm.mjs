// RealtimeSession of `@openai/agents-realtime` over WebSocket: node agents_npm.mjs URL KEY WAV
import { readFileSync } from 'node:fs';
import { RealtimeAgent, RealtimeSession, OpenAIRealtimeWebSocket, tool } from '@openai/agents-realtime';
import { z } from 'zod';
import { Heard, report } from './said.mjs';

const [, , url, apiKey, wav] = process.argv;
const called = [];
const weather = tool({
  name: 'get_weather',
  description: 'Look up the weather.',
  parameters: z.object({ city: z.string() }),
  execute: async (given) => {
    called.push(given);
    return '12 degrees';
  },
});
const agent = new RealtimeAgent({ name: 'Guide', instructions: 'Be brief.', tools: [weather] });
const session = new RealtimeSession(agent, {
  transport: new OpenAIRealtimeWebSocket({ url, useInsecureApiKey: true }),
  model: 'gpt-realtime',
  tracingDisabled: true,
});
const heard = new Heard();
const errors = [];
let interrupted = 0;
session.on('transport_event', (event) => heard.take(event));
session.on('error', (error) => errors.push(error.error?.error?.code ?? String(error.error?.message ?? error.error)));
session.on('audio_interrupted', () => interrupted++);
await session.connect({ apiKey, url });
await heard.until('session.updated');

session.sendMessage('Say exactly: Good morning.');
const greeted = await heard.until('response.done');

session.sendMessage('What is the weather in Rome?');
const asked = await heard.until('response.done', greeted.next);
const answered = await heard.until('response.done', asked.next);

session.sendMessage('Count from 1 to 200');
await heard.until('response.output_audio.delta', answered.next);
const spoken = readFileSync(wav).subarray(44);
const sound = Buffer.concat([spoken, Buffer.alloc(48_000 * 1.5)]).buffer; // semantic_vad waits a while
for (let at = 0; at < sound.byteLength; at += 4800) session.sendAudio(sound.slice(at, at + 4800));
const stopped = await heard.until('response.done', answered.next);
const truncated = await heard.until('conversation.item.truncated', answered.next);
const reply = await heard.until('response.done', stopped.next);

const texts = (response) => response.output.flatMap((item) => item.content ?? []).map((part) => part.transcript ?? part.text);
report({
  greeting: texts(greeted.event.response),
  called,
  answer: texts(answered.event.response),
  interrupted,
  stopped: [stopped.event.response.status, stopped.event.response.status_details.reason],
  truncated: truncated.event.audio_end_ms,
  reply: reply.event.response.status,
  history: session.history.map((item) => [item.type, item.role ?? item.name, item.status]),
  errors,
});
session.close();
process.exit(0);
