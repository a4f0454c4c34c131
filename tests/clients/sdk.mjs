// Makes one call with the TypeScript SDK and prints one JSON line with what it saw.
// Usage: node sdk.mjs CALL [MODEL]; ANTHROPIC_BASE_URL and ANTHROPIC_AUTH_TOKEN or ANTHROPIC_API_KEY say where and as whom.
import Anthropic from '@anthropic-ai/sdk';

const [call, model = 'claude-haiku-4-5'] = process.argv.slice(2);
const client = new Anthropic({ maxRetries: 0 }); // a retry would hide the answer that a test is about
const request = { model, max_tokens: 256, messages: [{ role: 'user', content: 'Say hello.' }] };

const seen = (message) => ({
  id: message.id,
  text: message.content.map((block) => block.text ?? '').join(''),
  stop_reason: message.stop_reason,
  output_tokens: message.usage.output_tokens,
});

async function refusal() {
  try {
    return { unexpected: seen(await client.messages.create(request)) };
  } catch (error) {
    if (!(error instanceof Anthropic.APIError)) throw error;
    return {
      class: error.constructor.name,
      status: error.status,
      type: error.type,
      message: error.error?.error?.message,
      retry_after: error.headers?.get('retry-after') ?? null,
      request_id: error.requestID ?? null,
    };
  }
}

const calls = {
  create: async () => seen(await client.messages.create(request)),
  stream: async () => {
    let events = 0;
    const stream = client.messages.stream(request).on('streamEvent', () => events++);
    return { ...seen(await stream.finalMessage()), events };
  },
  'count-tokens': async () => {
    const { max_tokens, ...countable } = request;
    return await client.messages.countTokens(countable);
  },
  models: async () => ({ ids: (await client.models.list()).data.map((entry) => entry.id) }),
  'error-401': refusal,
  'rate-limited': refusal,
  abort: async () => {
    const stream = await client.messages.create({ ...request, stream: true });
    for await (const event of stream) {
      stream.controller.abort();
      return { first: event.type, aborted: stream.controller.signal.aborted };
    }
    return { first: null };
  },
};

if (!(call in calls)) throw new Error(`Known calls: ${Object.keys(calls).join(', ')}`);
console.log(JSON.stringify(await calls[call]()));
