/* as tc.pml (revision label in etag, remote read first) but PATCH is only ACCEPTED under the etag; it is APPLIED later by the server (LRO) */
#define MAXREV 4
byte drev=1, rrev=1, etag=1, eff=0, crashes=0; bool userdone=false;
byte intent=0; byte sending=0;            /* our DB: revision recorded BEFORE calling Google; 0 = none */
chan ops=[2] of {byte,byte};  /* accepted operations: rev, etag seen */
bool lost=false;
active proctype User(){ do :: drev<MAXREV -> drev++ :: else -> break od; userdone=true }
active proctype Server(){ byte r,e; 
  do :: ops??r,e ->             /* any order */
       atomic{
#ifdef RECHECK
        if :: e==etag -> 
#endif
        assert(r>=rrev); rrev=r; etag=r
#ifdef RECHECK
        :: else fi
#endif
       }
  :: timeout -> break od }
proctype W(){ byte d,e;
again:
  do :: eff!=drev ->
#ifdef INTENT
     atomic{ (sending==0 && len(ops)==0) -> intent=0; sending=_pid };   /* resolve an earlier unknown attempt: list operations on the target; wait until none */
#endif
     e=etag; d=drev;
#ifdef INTENT
     intent=d;
#endif
     atomic{ if :: e==etag && nfull(ops) -> ops!d,e :: else -> 
#ifdef INTENT
        intent=0; sending=0;
#endif
        goto again fi };
#ifdef INTENT
     sending=0;
#endif
     if :: crashes<2 -> crashes++; goto again :: skip fi;   /* crash after the call, before storing the operation name */
     (len(ops)==0);
#ifdef INTENT
     intent=0;
#endif
     atomic{ if :: rrev==d && drev==d -> eff=d :: else fi }
  :: eff==MAXREV && userdone -> break od }
init{ atomic{ run W(); run W() } }
