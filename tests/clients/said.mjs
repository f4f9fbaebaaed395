// What the scripts share: the events of a connection, waited for in their order.

const all = [];

export class Heard {
  constructor() {
    this.events = all;
    this.waiting = undefined;
  }

  take(event) {
    this.events.push(event);
    this.waiting?.();
  }

  async until(type, from = 0) {
    let at = from;
    for (;;) {
      for (; at < this.events.length; at++) {
        if (this.events[at].type === type) return { event: this.events[at], next: at + 1 };
      }
      await new Promise((resolve) => (this.waiting = resolve));
    }
  }
}

export const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'Look up the weather.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

export function report(facts) {
  console.log(JSON.stringify(facts));
}

setTimeout(() => {
  const types = all.map((event) => (event.error ? JSON.stringify(event.error) : event.type));
  console.error(`waited for 20 s; until then came: ${types.join(' ')}`);
  process.exit(1);
}, 20_000).unref();
