// RealtimeClient of the npm package `openai-realtime-api`: node beta_npm.mjs URL KEY WAV
import { readFileSync } from 'node:fs';
import { RealtimeClient } from 'openai-realtime-api';
import { WEATHER, report } from './said.mjs';

const [, , url, apiKey, wav] = process.argv;
const client = new RealtimeClient({ url, apiKey, model: 'gpt-4o-realtime-preview' });
const errors = [];
client.on('error', ({ error }) => errors.push(error?.code ?? String(error)));
client.realtime.on('server.error', (event) => errors.push(event.error.code));
const answers = () => client.conversation.getItems().filter((item) => item.role === 'assistant');
const done = () => client.realtime.waitForNext('server.response.done');
const called = [];

await client.connect();
await client.waitForSessionCreated();

client.updateSession({ modalities: ['text'] });
client.sendUserMessageContent([{ type: 'input_text', text: 'Say exactly: Good morning.' }]);
await done();
const text = answers().at(-1).formatted.text;

client.updateSession({ modalities: ['text', 'audio'] });
const sound = new Int16Array(readFileSync(wav).buffer.slice(44));
for (let at = 0; at < sound.length; at += 2400) client.appendInputAudio(sound.slice(at, at + 2400));
const transcribed = client.realtime.waitForNext('server.conversation.item.input_audio_transcription.completed');
client.createResponse();
await Promise.all([done(), transcribed]);
const spoken = answers().at(-1);
const heard = client.conversation.getItems().filter((item) => item.role === 'user').at(-1);

const { name, description, parameters } = WEATHER;
client.addTool({ name, description, parameters }, async (given) => {
  called.push(given);
  return { degrees: 12 };
});
client.updateSession({ modalities: ['text'] });
client.sendUserMessageContent([{ type: 'input_text', text: 'What is the weather in Rome?' }]);
await done();
await done();

report({
  text,
  transcript: spoken.formatted.transcript,
  samples: spoken.formatted.audio.length,
  heard: heard.formatted.transcript.trim(),
  called,
  answer: answers().at(-1).formatted.text,
  errors,
});
client.disconnect();
process.exit(0);
