// What the `tokenizers` library itself (npm: @anush008/tokenizers, its Rust code with bindings) makes of texts, by the tokenizers that
// make_tokenizer_golden.py writes into a folder: tokenizer_golden.json beside this file.
//
//     python3 make_tokenizer_golden.py /tmp/made && NODE_PATH=/tmp/npm/node_modules node make_tokenizer_golden.mjs /tmp/made
//
// {"texts": [...], "tokenizers": {NAME: [{"ids", "text", "types"} for each text]}}: "text" is decoded with the special tokens; "types",
// one character a token, are of the pair of the text before (an empty one before the first) and this one.
import fs from 'fs';
import path from 'path';
import { createRequire } from 'module';

const { Tokenizer } = createRequire(process.env.NODE_PATH + '/x.js')('@anush008/tokenizers');
const texts = [
  '', ' ', 'a', ' the weather ', "She doesn't think that they'LL arrive; I'm here.", 'In 2024 there are 56,789 students, 3.14%',
  '  two  spaces\n\nand\tlines \r\n', '我喜欢书。你需要一杯水吗？', '今天 the 天气 is good', 'caf\u00e9 cafe\u0301 na\u00efve \u00c5ngstr\u00f6m \u0130\u0131 \u03a3\u03c2',
  '\uff26\uff55\uff4c\uff4c\u3000\uff57\uff49\uff44\uff54\uff48\uff01 \ufb01 \u00bd \u2460 \u338f', '\ud83d\ude00 \ud83d\udc69\u200d\ud83d\udc67 \ud83c\udde8\ud83c\uddf3 \u2764\ufe0f',
  'a\u0000b\u0007c\u0085d\u00a0e\u200bf\u2028g\u00adh\ufeff', '<s>hello</s> [CLS] x [SEP]', 'a <mask> b<mask>  [MASK]. <unk>', '<|endoftext|>Hello <tool> cafe\u0301  HelloHello Hello!',
  'x=(a+b)*3.14; // "done" ``quoted``', '\u2581\u2581mark \u2581', 'camelCase HTTPServer foo_bar 1a2B3c', 'e\u0323\u0302 q\u0307\u0323 \u1ec7 \uac00\u1100\u1161\u11a8',
  '\u0915\u094d\u0937\u093f \u0e01\u0e33 \u05e9\u05b8\u05c1 \u0627\u0644\u0633\u0644\u0627\u0645', ' <extra_id_0> it <extra_id_1>.', 'anotherandanotherandanother'.repeat(4), '!?...---((()))',
];
const folder = process.argv[2];
const tokenizers = {};
for (const name of fs.readdirSync(folder).sort()) {
  const tokenizer = Tokenizer.fromFile(path.join(folder, name, 'tokenizer.json'));
  tokenizers[name] = [];
  for (let i = 0; i < texts.length; ++i) {
    const one = (await tokenizer.encode(texts[i], null, { addSpecialTokens: true })).getIds();
    const pair = await tokenizer.encode(i > 0 ? texts[i - 1] : '', texts[i], { addSpecialTokens: true });
    tokenizers[name].push({ ids: one, text: await tokenizer.decode(one, false), types: pair.getTypeIds().join('') });
  }
}
const out = path.join(path.dirname(new URL(import.meta.url).pathname), 'tokenizer_golden.json');
fs.writeFileSync(out, JSON.stringify({ texts, tokenizers }).replaceAll('},{', '},\n{') + '\n');
