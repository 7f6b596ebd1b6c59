/** Under mutations a property test has only to fail: nobody reads the smallest counterexample. */
import fc from 'fast-check';

fc.configureGlobal({ endOnFailure: true });
