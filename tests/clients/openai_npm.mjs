// OpenAIRealtimeWS of the npm package `openai`: node openai_npm.mjs BASE_URL KEY ga|beta
import OpenAI from 'openai';
import { OpenAIRealtimeWS as Ga } from 'openai/realtime/ws';
import { OpenAIRealtimeWS as Beta } from 'openai/beta/realtime/ws';
import { Heard, WEATHER, report } from './said.mjs';

const [, , baseURL, apiKey, dialect] = process.argv;
const ga = dialect === 'ga';
const client = new OpenAI({ apiKey, baseURL });
const line = new (ga ? Ga : Beta)({ model: 'gpt-realtime' }, client);
const heard = new Heard();
const errors = [];
line.on('event', (event) => heard.take(event));
line.on('error', (error) => errors.push(error.error?.code ?? error.message));
const text = ga ? { output_modalities: ['text'] } : { modalities: ['text'] };
const own = ga ? { type: 'realtime' } : {};
const asked = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Say exactly: Good morning.' }] };

await heard.until('session.created');
line.send({ type: 'session.update', session: { ...own, ...text, tools: [WEATHER] } });
await heard.until('session.updated');
line.send({ type: 'conversation.item.create', item: asked });
line.send({ type: 'response.create' });
const written = await heard.until('response.done');

line.send({ type: 'response.create', response: ga ? { output_modalities: ['audio'] } : { modalities: ['text', 'audio'] } });
const spoken = await heard.until('response.done', written.next);

line.send({ type: 'response.create', response: { tool_choice: 'required' } });
const called = await heard.until('response.done', spoken.next);
const call = called.event.response.output[0];
line.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: call.call_id, output: '12 degrees' } });
line.send({ type: 'response.create', response: { tool_choice: 'none', instructions: 'Say exactly: 12 degrees.' } });
const answered = await heard.until('response.done', called.next);

line.send({ type: 'response.cancel', event_id: 'too_late' });
await heard.until('error', answered.next);

line.send({ type: 'response.create', response: { instructions: 'Count from 1 to 200' } });
await heard.until(ga ? 'response.output_text.delta' : 'response.text.delta', answered.next);
line.send({ type: 'response.cancel' });
const cancelled = await heard.until('response.done', answered.next);

const audio = heard.events.filter((event) => event.type === (ga ? 'response.output_audio.delta' : 'response.audio.delta'));
report({
  text: written.event.response.output[0].content[0].text,
  audioBytes: audio.reduce((sum, event) => sum + Buffer.from(event.delta, 'base64').length, 0),
  call: [call.name, JSON.parse(call.arguments)],
  answer: answered.event.response.output[0].content[0].text,
  cancelled: cancelled.event.response.status,
  errors,
});
line.close();
