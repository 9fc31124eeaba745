/* desired-state reconciler for one TrustConfig, 2 workers, lease may be stolen at any time (pause/expiry), crash anywhere.
   rev 1 = content A, rev 2 = content B (cert added), rev 3 = content A again (cert revoked / rollback), rev 4 = content C */
#define MAXREV 4
#ifndef LABEL
#define ETAG(c,r) (c)            /* etag = checksum of content only */
#else
#define ETAG(c,r) ((c)*16+(r))   /* our revision written as a label => etag unique per revision */
#endif
byte drev=1; byte rcont=1; byte rrev=1; byte etag=1; byte eff=0; byte crashes=0; byte holder=0; bool userdone=false;
inline content(r,c){ if :: r==1||r==3 -> c=1 :: r==2 -> c=2 :: else -> c=3 fi }
active proctype User(){ do :: drev<MAXREV -> drev++ :: drev==MAXREV -> break od; userdone=true }
#ifdef EXTERNAL
byte extn=0; bool extlost=false; bool extin=false;
active proctype Ext(){ atomic{ rcont=7; rrev=0; etag=ETAG(7,15); extin=true } }
#endif
proctype W(byte id){ byte d,e,c,seen;
again:
  do
  :: atomic{ (eff!=drev) -> holder=id };
     /* steps below may interleave with the other worker: the lease can have expired */
#ifdef DESIRED_FIRST
     d=drev; e=etag;
#else
     atomic{ e=etag; seen=rcont }; d=drev;
#endif
#ifdef FENCE
     if :: holder!=id -> goto again :: else fi;
#endif
     content(d,c);
     if
     :: crashes<2 -> crashes++; goto again
     :: skip
     fi;
     atomic{
#ifdef USE_ETAG
      if :: etag==e ->
#else
      if :: true ->
#endif
           assert(d>=rrev || rrev==0);           /* P5 a stale worker never undoes a newer decision */
#ifdef EXTERNAL
           assert(!(rcont==7 && seen!=7));       /* P2 never overwrite an external change nobody looked at */
#endif
           rcont=c; rrev=d; etag=ETAG(c,d)
      :: else -> goto again
      fi };
     /* read-back */
#ifdef SAME_READER
     atomic{ if :: (rcont==c && rrev==d && holder==id && drev==d) -> eff=d :: else fi };
#else
     atomic{ if :: (rcont==c && rrev==d && drev==d) -> eff=d :: else fi };
#endif
  :: (eff==MAXREV && userdone) -> break
  od }
init{ atomic{ run W(1); run W(2) } }
#ifdef LTL
ltl conv { <>[] (eff==MAXREV && rrev==MAXREV) }
#endif
