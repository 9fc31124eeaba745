/* One trust config as approvals/publishing/conductor.py conducts it: intents without a known outcome, the fencing write, withdrawal.
   Two changes, each adds one certificate (a bit of the set). Every write carries its revision as label, and the etag covers
   the label, so etag = revision of what is live. A request may be lost, refused, or arrive late: the network keeps it for as
   long as it likes (a pause longer than any lease). The worker may be killed between any two steps; its records survive.
   NOFENCE: an unknown intent is voided after reading, without a write under a new label.
   ANYWITHDRAW: a change may be withdrawn while an intent that carries it is unresolved.
   NOETAG: the server does not compare the etag.  */
#define FREE 0        /* states of the one intent that may be unresolved */
#define INTENDED 1
#define SENT 2
byte live_rev = 0, live_set = 0;          /* at Google: the label's revision, the set */
byte last_rev = 0;                        /* ours: the last revision that was given out */
byte intent = FREE, intent_rev, intent_set, intent_etag;
byte unknown_rev = 0;                     /* an earlier intent that a fence is to void */
byte applied = 0, withdrawn = 0, approved = 3;
byte crashes = 0;
chan net = [3] of { byte, byte, byte };   /* requests under way: revision, set, etag */

proctype Server() {
  byte r, s, e;
  do
  :: atomic { net ? r, s, e ->            /* at any time */
       if
#ifdef NOETAG
       :: true ->
#else
       :: e == live_rev ->
#endif
            assert(r > live_rev);                 /* a stale write never undoes a newer one */
            assert((s & withdrawn) == 0);         /* what was withdrawn is never written afterwards */
            live_rev = r; live_set = s
       :: else -> skip                            /* ABORTED */
       fi }
  :: atomic { net ? r, s, e -> skip }             /* lost */
  :: atomic { len(net) > 1 -> net ? r, s, e; net ! r, s, e }   /* overtaken by the next one */
  :: timeout -> break
  od
}

proctype User() {                                  /* the submitter of change 1 may withdraw it at any moment */
  do
  :: atomic { (withdrawn == 0 && (applied & 1) == 0
#ifndef ANYWITHDRAW
       && !(intent != FREE && (intent_set & 1)) && unknown_rev == 0
#endif
       ) -> withdrawn = 1; approved = approved & 2 }; break
  :: break
  od
}

inline send() { if :: nfull(net) -> net ! intent_rev, intent_set, intent_etag :: full(net) -> skip fi }
inline crash() { if :: crashes < 2 -> crashes++; goto again :: skip fi }

proctype Worker() {
  byte seen_rev, seen_set;
again:
  do
  :: (intent == FREE && applied == approved && (live_set & approved) == approved) -> break
  :: (intent == FREE && (applied != approved)) ->
       seen_rev = live_rev; seen_set = live_set;             /* read live FIRST */
       crash();
       atomic {                                             /* one transaction: list what is due SECOND, write the intent */
         if
         :: (approved & ~seen_set) != 0 && seen_rev == live_rev -> last_rev++; intent_rev = last_rev; intent_set = seen_set | approved; intent_etag = seen_rev; intent = INTENDED
         :: (approved & ~seen_set) == 0 -> applied = applied | (seen_set & approved)
         :: else -> skip
         fi };
       crash();
       if :: intent == INTENDED -> send(); crash() :: else -> skip fi   /* the answer may be lost with the worker */
  :: (intent == INTENDED) ->                                /* outcome unknown: read, never send again */
       atomic {
         if
         :: live_rev == intent_rev -> applied = applied | (intent_set & approved); intent = FREE; unknown_rev = 0
         :: live_rev != intent_rev && last_rev < 6 ->
#ifdef NOFENCE
              intent = FREE                                 /* voided by reading alone */
#else
              if :: unknown_rev == 0 -> unknown_rev = intent_rev :: else -> skip fi;
              last_rev++; intent_rev = last_rev; intent_set = live_set; intent_etag = live_rev   /* same set, new label */
#endif
         :: live_rev != intent_rev && last_rev >= 6 -> break
         fi };
       crash();
#ifndef NOFENCE
       if :: intent == INTENDED -> send() :: else -> skip fi;
#endif
       crash()
  od
}

init { atomic { run Server(); run User(); run Worker() } }
