//! Files that must not come in as they are: nothing is stored, and the officer is told what is wrong and
//! what to do.
