// Makes src/domain/cultures.tsv from the Unicode CLDR: which culture prints dates, hours and decimals how.
//
//   npm install --no-save cldr-dates-full@48.2.0 cldr-numbers-full@48.2.0 && node .ci/cultures.mjs node_modules > src/domain/cultures.tsv
//
// The names stay as .NET and PowerShell spell them; CLDR leaves out a region that it takes for granted.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = `ca-ES cs-CZ da-DK de-AT de-BE de-CH de-DE de-LI de-LU en-AU en-CA en-GB en-IE en-IN en-MY en-NZ en-PH en-SG en-US en-ZA
  es-AR es-BO es-CL es-CO es-CR es-DO es-EC es-ES es-GT es-HN es-MX es-NI es-PA es-PE es-PR es-PY es-SV es-US es-UY es-VE et-EE fi-FI fil-PH
  fr-BE fr-CA fr-CH fr-FR fr-LU hr-HR hu-HU id-ID is-IS it-CH it-IT ja-JP lt-LT lv-LV nb-NO nl-BE nl-NL nn-NO pl-PL pt-BR pt-PT ro-RO
  ru-RU sk-SK sl-SI sr-Latn-RS sv-FI sv-SE tr-TR uk-UA vi-VN zh-CN`.split(/\s+/);
// Where Windows and CLDR print decimals differently, either may stand in a file.
const EITHER_DECIMAL = new Set(['en-ZA']);
const LOCALES = { 'zh-CN': ['zh-Hans'] };

const modules = process.argv[2] ?? 'node_modules';
const read = (...parts) => JSON.parse(readFileSync(join(modules, ...parts), 'utf8'));
const version = read('cldr-dates-full', 'package.json').version;
const locale = (name) =>
  [name, ...(LOCALES[name] ?? []), name.replace(/-[A-Z]{2}$/, '')].find((own) =>
    existsSync(join(modules, 'cldr-dates-full', 'main', own)));

const order = (pattern) => {
  const [first] = pattern.replace(/'[^']*'/g, '').match(/[yMd]/);
  return { y: 'year', M: 'month', d: 'day' }[first];
};
const row = (name) => {
  const own = locale(name);
  const { dateFormats, timeFormats, dayPeriods, dateTimeFormats } =
    read('cldr-dates-full', 'main', own, 'ca-gregorian.json').main[own].dates.calendars.gregorian;
  const { decimal } = read('cldr-numbers-full', 'main', own, 'numbers.json').main[own].numbers['symbols-numberSystem-latn'];
  const { am, pm } = dayPeriods.format.abbreviated;
  return [name, order(dateFormats.short), EITHER_DECIMAL.has(name) ? '.,' : decimal, dateFormats.short, timeFormats.medium,
    timeFormats.short, am, pm, dateTimeFormats.short];
};

const lines = [['culture', 'first', 'decimal', 'date', 'time', 'time_short', 'am', 'pm', 'together'], ...NAMES.map(row)];
console.log(`# Unicode CLDR ${version}, made by .ci/cultures.mjs`);
lines.forEach((line) => console.log(line.join('\t')));
