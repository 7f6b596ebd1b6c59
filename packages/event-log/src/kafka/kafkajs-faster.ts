/** What of kafkajs is replaced for speed. Every module that loads kafkajs imports this first. */
import './fast-records.ts';
import './fast-fetch.ts';
import './native-checksum.ts';
import './fast-produce.ts';
// The last: it loads parts of kafkajs that keep those above.
import './whole-responses.ts';
