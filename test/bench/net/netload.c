// netload: DHCP / TFTP / HTTP / boot-storm load generator for network-boot servers (Linux only).
// One process, one thread, epoll; options: see the end of the file and run-netload.ts. Prints one JSON object on stdout.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif
typedef uint8_t u8; typedef uint16_t u16; typedef uint32_t u32; typedef uint64_t u64;

static double now(void){ struct timespec t; clock_gettime(CLOCK_MONOTONIC,&t); return t.tv_sec+t.tv_nsec*1e-9; }
static void die(const char*f,...){ va_list a; va_start(a,f); vfprintf(stderr,f,a); va_end(a); fputc('\n',stderr); exit(2); }

// ---------- sample vectors
typedef struct { float*v; size_t n,cap; } Vec;
static void vadd(Vec*x,double d){ if(x->n==x->cap){ x->cap=x->cap?x->cap*2:1024; x->v=realloc(x->v,x->cap*sizeof(float)); } x->v[x->n++]=(float)d; }
static int fcmp(const void*a,const void*b){ float x=*(float*)a,y=*(float*)b; return x<y?-1:x>y; }
static double pct(Vec*x,double p){ if(!x->n) return 0; size_t i=(size_t)(p*(x->n-1)+0.5); return x->v[i]; }
static void vjson(const char*name,Vec*x){ qsort(x->v,x->n,sizeof(float),fcmp); double s=0; for(size_t i=0;i<x->n;i++) s+=x->v[i];
  printf(",\"%s\":{\"n\":%zu,\"mean_ms\":%.3f,\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}",name,x->n,x->n?s/x->n*1e3:0,pct(x,.5)*1e3,pct(x,.9)*1e3,pct(x,.99)*1e3,pct(x,1)*1e3); }

// ---------- configuration
enum { P_DHCP1, P_TSIZE, P_TFTP, P_DHCP2, P_SCRIPT, P_KERNEL, P_INITRD, P_RENEW, P_RELEASE, P_END, NPHASE=P_END };
static const char*PN[]={"dhcp_pxe","tftp_tsize","tftp","dhcp_ipxe","http_script","http_kernel","http_initrd","dhcp_renew","dhcp_release"};
static struct {
  const char*ifname,*server,*file,*verify,*script,*kernel,*initrd,*want_boot1,*want_boot2,*url; int tport,hport,dport;
  int n,conc,passes,blksize,win,maxtries,arch,spread_ms,limit_s; double rate,dhcp_to,tftp_to,http_to,loss; double rtt; double nakdelay; int seqmac,spin,frompool; int bflag,discover_only,relay,leased,backoff,renew,release,tsize,plain,seed,macbase,nosrc,fwd2; u32 giaddr; u32 lo,hi; bool quiet;
} C={.server="10.77.0.1",.tport=69,.hport=80,.dport=67,.n=100,.conc=50,.passes=1,.blksize=1468,.win=0,.maxtries=6,.arch=7,.dhcp_to=1,.tftp_to=1,.http_to=30,.limit_s=120,.nakdelay=0.1};

typedef struct {
  u8 mac[6],uuid[16]; u32 idx,xid,yi,sid,next; u8 phase,state; int tries; u32 gen; double t_phase,t_send,t_start; int fd; bool active,done,failed;
  char boot[1100]; // boot file / URL from last DHCP ack
  // tftp
  struct sockaddr_in peer; bool havepeer; u32 expect,blk,winpos; u32 tblks; u64 got; u16 bs,ws; bool gapacked; double lastack,lastrx; u64 tsz; u32 ser;
  // http
  u64 clen; bool hdr; char*hbuf; int hlen; int status; char kern[400],init[400]; bool connected; u64 blen; int chained;
} Cli;
static Cli*cl; static const u8*plan; static u8 planbuf[16];

// ---------- stats
static Vec lat[NPHASE], offer_lat, ack_lat, total_lat;
static u64 okc[NPHASE], failc[NPHASE], retx[NPHASE], n_nak,n_dup,n_badaddr,n_badopt,n_noboot,n_otherrx,n_wrongchaddr,n_tftp_err,n_http_err,n_dupblk,n_gap,n_vfail,n_offers,n_acks,n_stray,n_changed,n_outofrange,rx_bytes,n_lossdrop,minlen=1<<30,maxlen,n_uni,n_bcast;
static u32*owner; static u8*filebuf; static size_t filelen; static int completed,started,inflight; static char firsterr[200]; static u32*lastip;
static void note(const char*f,...){ if(firsterr[0]) return; va_list a; va_start(a,f); vsnprintf(firsterr,sizeof firsterr,f,a); va_end(a); }

// ---------- timers: binary heap with lazy deletion
typedef struct { double t; u32 idx,gen; } Tm; static Tm*hp; static size_t hn,hc;
static void tpush(double t,Cli*c){ if(hn==hc){ hc=hc?hc*2:4096; hp=realloc(hp,hc*sizeof(Tm)); } size_t i=hn++; Tm x={t,c->idx,++c->gen}; while(i){ size_t p=(i-1)/2; if(hp[p].t<=x.t) break; hp[i]=hp[p]; i=p; } hp[i]=x; }
static Tm tpop(void){ Tm r=hp[0],x=hp[--hn]; size_t i=0; for(;;){ size_t k=2*i+1; if(k>=hn) break; if(k+1<hn&&hp[k+1].t<hp[k].t) k++; if(hp[k].t>=x.t) break; hp[i]=hp[k]; i=k; } hp[i]=x; return r; }

static int ep,pfd=-1,ufd=-1,ifindex; static u8 ifmac[6]; static u32 server_ip;
static void phase_start(Cli*c); static void phase_done(Cli*c); static void client_fail(Cli*c,const char*why); static void client_begin(Cli*c);

// ================= DHCP
static u16 csum(const void*p,int n){ const u16*w=p; u32 s=0; while(n>1){ s+=*w++; n-=2; } if(n) s+=*(const u8*)w; s=(s>>16)+(s&0xffff); s+=s>>16; return ~s; }
static u8*opt(u8*o,int code,const void*d,int n){ *o++=code; *o++=n; memcpy(o,d,n); return o+n; }
static int build_bootp(Cli*c,u8*b,int type,int ipxe){
  memset(b,0,240); b[0]=1;b[1]=1;b[2]=6; b[3]=C.relay?1:0; memcpy(b+4,&c->xid,4);
  u16 secs=htons((u16)(now()-c->t_phase)); memcpy(b+8,&secs,2); if(C.bflag) b[10]=0x80;
  bool renew = plan[c->phase]==P_RENEW||plan[c->phase]==P_RELEASE;
  if(renew){ memcpy(b+12,&c->yi,4); }
  if(C.relay) memcpy(b+24,&C.giaddr,4);
  memcpy(b+28,c->mac,6); memcpy(b+236,"\x63\x82\x53\x63",4); u8*o=b+240; u8 t=type; o=opt(o,53,&t,1);
  if(type==7){ o=opt(o,54,&c->sid,4); *o++=255; return o-b; }
  if(type==3&&!renew){ o=opt(o,50,&c->yi,4); o=opt(o,54,&c->sid,4); }
  u16 ms=htons(1472); o=opt(o,57,&ms,2);
  if(C.plain){ o=opt(o,55,"\x01\x03\x06\x0c\x0f\x1c\x33\x36\x3a\x3b",10); *o++=255; int L=o-b; if(L<300){ memset(b+L,0,300-L); L=300; } return L; }
  // PXE parameter request list as sent by EDK2 firmware / iPXE
  static const u8 prl_pxe[]={1,2,3,4,5,6,12,13,15,17,18,22,23,28,40,41,42,43,50,51,54,58,59,60,66,67,97,128,129,130,131,132,133,134,135};
  static const u8 prl_ipxe[]={1,3,6,7,12,15,17,26,43,60,66,67,119,128,129,130,131,132,133,134,135,175,203};
  if(ipxe) o=opt(o,55,prl_ipxe,sizeof prl_ipxe); else o=opt(o,55,prl_pxe,sizeof prl_pxe);
  u8 g[17]; g[0]=0; memcpy(g+1,c->uuid,16); o=opt(o,97,g,17);
  u8 und[3]={1,3,ipxe?16:0}; o=opt(o,94,und,3); u16 ar=htons(C.arch); o=opt(o,93,&ar,2);
  char vc[40]; int vl=snprintf(vc,sizeof vc,"PXEClient:Arch:%05d:UNDI:0030%02d",C.arch,ipxe?16:0); o=opt(o,60,vc,vl);
  if(ipxe){ o=opt(o,77,"iPXE",4); static const u8 enc[]={0xb1,5,1,0x80,0x86,0x10,0x0e,0xeb,3,1,21,1, 0x17,1,1,0x22,1,1,0x13,1,1,0x14,1,1,0x11,1,1,0x27,1,1,0x19,1,1,0x29,1,1,0x10,1,2,0x21,1,1,0x15,1,1,0x18,1,1,0x1b,1,1,0x12,1,1}; o=opt(o,175,enc,sizeof enc); u8 cid[7]={1}; memcpy(cid+1,c->mac,6); o=opt(o,61,cid,7); }
  *o++=255; int L=o-b; if(L<300){ memset(b+L,0,300-L); L=300; } return L;
}
static void dhcp_send(Cli*c,int type){
  u8 f[1514]; int ipxe=plan[c->phase]==P_DHCP2; u8*b=f+42; int L=build_bootp(c,b,type,ipxe);
  c->t_send=now();
  if(C.relay){ struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(C.dport),.sin_addr.s_addr=server_ip}; if(sendto(ufd,b,L,0,(void*)&a,sizeof a)<0) note("relay sendto: %s",strerror(errno)); return; }
  memset(f,0xff,6); memcpy(f+6,c->mac,6); f[12]=8;f[13]=0; u8*ip=f+14; memset(ip,0,20); ip[0]=0x45; u16 tl=htons(28+L); memcpy(ip+2,&tl,2); ip[8]=64; ip[9]=17; u32 src=0,dst=0xffffffff;
  if(plan[c->phase]==P_RENEW||plan[c->phase]==P_RELEASE){ src=c->yi; dst=server_ip; memcpy(f,ifmac,0); }
  memcpy(ip+12,&src,4); memcpy(ip+16,&dst,4); u16 cs=csum(ip,20); memcpy(ip+10,&cs,2);
  u8*u=f+34; u16 sp=htons(68),dp=htons(C.dport),ul=htons(8+L); memcpy(u,&sp,2);memcpy(u+2,&dp,2);memcpy(u+4,&ul,2);u[6]=u[7]=0;
  struct sockaddr_ll sl={.sll_family=AF_PACKET,.sll_ifindex=ifindex,.sll_halen=6}; memcpy(sl.sll_addr,f,6);
  for(int i=0;i<200;i++){ if(sendto(pfd,f,42+L,0,(void*)&sl,sizeof sl)>=0) return; if(errno!=ENOBUFS&&errno!=EAGAIN){ note("AF_PACKET sendto: %s",strerror(errno)); return; } usleep(50); }
}
static double dto(Cli*c){ double t=C.dhcp_to; if(C.backoff) for(int i=0;i<c->tries;i++) t*=2; return t; }
static void dhcp_start(Cli*c){ c->xid=htonl((u32)(C.seed<<24) ^ (c->phase<<20) ^ c->idx); c->state=1; c->tries=0;
  int ph=plan[c->phase];
  if(ph==P_RELEASE){ dhcp_send(c,7); if(owner[ntohl(c->yi)&0x3fffff]==c->idx+1) owner[ntohl(c->yi)&0x3fffff]=0; phase_done(c); return; }
  if(ph==P_RENEW){ c->state=2; dhcp_send(c,3);} else dhcp_send(c,1);
  tpush(now()+dto(c),c); }
static void dhcp_rx(const u8*b,int L,bool bcast){
  if(L<240||b[0]!=2||memcmp(b+236,"\x63\x82\x53\x63",4)) { n_stray++; return; }
  u32 xid; memcpy(&xid,b+4,4); u32 x=ntohl(xid)^(u32)(C.seed<<24); u32 idx=x&0xfffff; if(idx>=(u32)C.n){ n_stray++; return; } Cli*c=&cl[idx];
  if(memcmp(b+28,c->mac,6)){ n_wrongchaddr++; return; }
  if(!c->active||c->xid!=xid||(plan[c->phase]!=P_DHCP1&&plan[c->phase]!=P_DHCP2&&plan[c->phase]!=P_RENEW)){ n_otherrx++; return; }
  if((u64)L<minlen) minlen=L; if((u64)L>maxlen) maxlen=L; if(bcast) n_bcast++; else n_uni++;
  u32 yi,si; memcpy(&yi,b+16,4); memcpy(&si,b+20,4); int type=0; u32 sid=0,lease=0; const char*bf=(const char*)b+108; int bfl=strnlen(bf,128); char o67[256]=""; char o66[80]=""; bool mask=false,ended=false,vci=false;
  const u8*o=b+240,*e=b+L; while(o<e){ int k=*o++; if(k==0) continue; if(k==255){ ended=true; break;} if(o>=e) break; int n=*o++; if(o+n>e) break;
    if(k==53&&n==1) type=*o; else if(k==54&&n==4) memcpy(&sid,o,4); else if(k==51&&n==4){ memcpy(&lease,o,4);} else if(k==1&&n==4) mask=true; else if(k==67){ memcpy(o67,o,n); o67[n]=0; } else if(k==66){ memcpy(o66,o,n<79?n:79); o66[n<79?n:79]=0;} else if(k==60) vci=true; o+=n; }
  (void)vci; double t=now();
  if(type==2&&c->state==1){
    if(!yi||!sid||!ended){ n_badopt++; note("bad OFFER len=%d yi=%08x sid=%08x ended=%d",L,ntohl(yi),ntohl(sid),ended); return; }
    n_offers++; vadd(&offer_lat,t-c->t_send); c->yi=yi; c->sid=sid; 
    if(C.discover_only){ phase_done(c); return; }
    c->state=2; c->tries=0; dhcp_send(c,3); tpush(now()+dto(c),c);
  } else if(type==5&&c->state==2){
    n_acks++; vadd(&ack_lat,t-c->t_send);
    if(yi!=c->yi) n_badaddr++;
    if(!lease||!sid||!mask||!ended){ n_badopt++; note("bad ACK lease=%u sid=%08x mask=%d ended=%d",ntohl(lease),ntohl(sid),mask,ended); }
    if(C.lo&&(ntohl(yi)<C.lo||ntohl(yi)>C.hi)) n_outofrange++;
    u32*ow=&owner[ntohl(yi)&0x3fffff]; if(*ow&&*ow!=idx+1){ n_dup++; note("duplicate address %s: client %u and %u",inet_ntoa(*(struct in_addr*)&yi),*ow-1,idx); } 
    if(lastip[idx]&&lastip[idx]!=yi){ n_changed++; u32*old=&owner[ntohl(lastip[idx])&0x3fffff]; if(*old==idx+1) *old=0; }
    *ow=idx+1; lastip[idx]=yi; c->yi=yi;
    c->next=si?si:(o66[0]?inet_addr(o66):sid); if(c->next==INADDR_NONE||!c->next) c->next=sid;
    c->boot[0]=0; if(o67[0]) strcpy(c->boot,o67); else if(bfl){ memcpy(c->boot,bf,bfl); c->boot[bfl]=0; }
    if(!C.plain&&!c->boot[0]&&plan[c->phase]!=P_RENEW) n_noboot++;
    phase_done(c);
  } else if(type==6){ n_nak++; if(++c->tries>C.maxtries){ client_fail(c,"too many NAKs"); return; } int tr=c->tries; c->state=1; if(C.nakdelay>0){ c->state=3; tpush(now()+C.nakdelay,c); c->tries=tr; return; } dhcp_send(c,1); tpush(now()+dto(c),c); c->tries=tr; }
  else n_otherrx++;
}
static void dhcp_timeout(Cli*c){ int ph=plan[c->phase]; if(c->state==3){ c->state=1; dhcp_send(c,1); tpush(now()+dto(c),c); return; } if(++c->tries>C.maxtries){ client_fail(c,c->state==1?"no OFFER":"no ACK"); return; } retx[ph]++; if(c->state==2&&c->tries>=3&&ph!=P_RENEW) c->state=1; dhcp_send(c,c->state==1?1:3); tpush(now()+dto(c),c); }
static void pkt_open(void){
  pfd=socket(AF_PACKET,SOCK_RAW|SOCK_NONBLOCK,htons(ETH_P_IP)); if(pfd<0) die("AF_PACKET: %s",strerror(errno));
  ifindex=if_nametoindex(C.ifname); if(!ifindex) die("no interface %s",C.ifname);
  // udp dst port 68, no fragments
  struct sock_filter f[]={ {0x28,0,0,12},{0x15,0,6,0x800},{0x30,0,0,23},{0x15,0,4,17},{0xb1,0,0,14},{0x48,0,0,16},{0x15,0,1,68},{0x6,0,0,2048},{0x6,0,0,0} }; struct sock_fprog pf={9,f};
  if(setsockopt(pfd,SOL_SOCKET,SO_ATTACH_FILTER,&pf,sizeof pf)) die("filter: %s",strerror(errno));
  int one=1; setsockopt(pfd,SOL_PACKET,PACKET_IGNORE_OUTGOING,&one,4); int rb=64<<20; setsockopt(pfd,SOL_SOCKET,SO_RCVBUFFORCE,&rb,4); setsockopt(pfd,SOL_SOCKET,SO_SNDBUFFORCE,&rb,4); setsockopt(pfd,SOL_PACKET,20/*QDISC_BYPASS*/,&one,4);
  struct sockaddr_ll a={.sll_family=AF_PACKET,.sll_protocol=htons(ETH_P_IP),.sll_ifindex=ifindex}; if(bind(pfd,(void*)&a,sizeof a)) die("bind packet: %s",strerror(errno));
  struct packet_mreq m={.mr_ifindex=ifindex,.mr_type=PACKET_MR_PROMISC}; setsockopt(pfd,SOL_PACKET,PACKET_ADD_MEMBERSHIP,&m,sizeof m);
}
static void pkt_ready(void){ u8 b[2048]; struct sockaddr_ll a; for(int k=0;k<256;k++){ socklen_t al=sizeof a; int n=recvfrom(pfd,b,sizeof b,0,(void*)&a,&al); if(n<0) return; int ihl=(b[14]&15)*4; int off=14+ihl+8; if(n>off) dhcp_rx(b+off,n-off,b[0]&1); } }
static void udp_ready(void){ u8 b[2048]; for(int k=0;k<256;k++){ int n=recv(ufd,b,sizeof b,MSG_DONTWAIT); if(n<0) return; dhcp_rx(b,n,false); } }

// ================= TFTP (receiver, RFC 7440 windows)
static int bind_client(int fd,Cli*c){ if(!C.leased||!c->yi) return 0; struct sockaddr_in a={.sin_family=AF_INET,.sin_addr.s_addr=c->yi}; int one=1; setsockopt(fd,SOL_IP,24/*IP_BIND_ADDRESS_NO_PORT*/,&one,4); setsockopt(fd,SOL_IP,15/*IP_FREEBIND*/,&one,4); return bind(fd,(void*)&a,sizeof a); }
static void tftp_rrq(Cli*c){ char b[600]; int n=0; const char*f=c->boot[0]&&!C.file?c->boot:C.file; b[n++]=0;b[n++]=1; n+=sprintf(b+n,"%.400s",f)+1; n+=sprintf(b+n,"octet")+1; n+=sprintf(b+n,"tsize")+1; n+=sprintf(b+n,"0")+1;
  if(C.blksize){ n+=sprintf(b+n,"blksize")+1; n+=sprintf(b+n,"%d",C.blksize)+1; } if(C.win){ n+=sprintf(b+n,"windowsize")+1; n+=sprintf(b+n,"%d",C.win)+1; }
  if(!C.blksize&&!C.win&&plan[c->phase]!=P_TSIZE){ n=2+(int)strnlen(f,400)+1+6; }
  struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(C.tport),.sin_addr.s_addr=c->next?c->next:server_ip}; c->t_send=now(); if(sendto(c->fd,b,n,0,(void*)&a,sizeof a)<0) note("tftp sendto: %s",strerror(errno)); }
typedef struct { double t; u32 idx,ser,blk; } Dq; static Dq*dq; static size_t dqh,dqt; enum{DQN=1<<20};
static void ack_now(Cli*c,u32 blk){ u8 b[4]={0,4,blk>>8,blk}; sendto(c->fd,b,4,0,(void*)&c->peer,sizeof c->peer); }
static void dq_flush(void){ double t=now(); while(dqh!=dqt&&dq[dqh].t<=t){ Dq*q=&dq[dqh]; dqh=(dqh+1)%DQN; Cli*c=&cl[q->idx]; if(c->fd>=0&&c->ser==q->ser) ack_now(c,q->blk); } }
static void tftp_ack(Cli*c){ c->winpos=0; if(C.rtt<=0){ ack_now(c,c->blk); return; } if(!dq) dq=malloc(sizeof(Dq)*DQN); dq[dqt]=(Dq){now()+C.rtt,c->idx,c->ser,c->blk}; dqt=(dqt+1)%DQN; }
static void tftp_start(Cli*c){ c->fd=socket(AF_INET,SOCK_DGRAM|SOCK_NONBLOCK,0); if(c->fd<0){ client_fail(c,"socket"); return; } int rb=1<<20; setsockopt(c->fd,SOL_SOCKET,SO_RCVBUFFORCE,&rb,4); if(bind_client(c->fd,c)){ note("bind leased ip: %s",strerror(errno)); }
  struct epoll_event e={.events=EPOLLIN,.data.u32=c->idx}; epoll_ctl(ep,EPOLL_CTL_ADD,c->fd,&e); c->havepeer=false; c->blk=0; c->got=0; c->bs=512; c->ws=1; c->winpos=0; c->gapacked=false; c->tries=0; c->state=1; c->tblks=0; c->tsz=0; c->ser++; c->lastrx=now(); tftp_rrq(c); tpush(now()+C.tftp_to,c); }
static void cclose(Cli*c){ if(c->fd>=0){ close(c->fd); c->fd=-1; } }
static void tftp_ready(Cli*c){ static u8 b[70000]; double tnow=now(); for(int k=0;k<128;k++){ struct sockaddr_in a; socklen_t al=sizeof a; int n=recvfrom(c->fd,b,sizeof b,0,(void*)&a,&al); if(n<0){ if(errno==ECONNREFUSED) continue; return; } if(n<4) continue; 
    if(C.loss>0&&drand48()<C.loss){ n_lossdrop++; continue; }
    int op=b[0]<<8|b[1];
    if(!c->havepeer){ if(op!=5){ c->peer=a; c->havepeer=true; } } else if(a.sin_port!=c->peer.sin_port) { n_stray++; continue; }
    if(op==5){ if(plan[c->phase]==P_TSIZE) { cclose(c); phase_done(c); return; } n_tftp_err++; char m[64]; snprintf(m,64,"TFTP ERROR %d %.40s",b[3],b+4); client_fail(c,m); return; }
    if(op==6){ if(c->blk) continue; for(int i=2;i<n;){ char*key=(char*)b+i; int kl=strnlen(key,n-i); i+=kl+1; if(i>=n) break; char*v=(char*)b+i; i+=strnlen(v,n-i)+1; if(!strcasecmp(key,"blksize")) c->bs=atoi(v); else if(!strcasecmp(key,"windowsize")) c->ws=atoi(v); else if(!strcasecmp(key,"tsize")) c->tsz=atoll(v); }
      if(plan[c->phase]==P_TSIZE){ u8 er[]={0,5,0,8,'U','s','e','r',' ','a','b','o','r','t',0}; sendto(c->fd,er,sizeof er,0,(void*)&c->peer,sizeof c->peer); cclose(c); phase_done(c); return; }
      c->state=2; c->tries=0; tftp_ack(c); tpush(now()+C.tftp_to,c); continue; }
    if(op!=3) continue; u16 bl=b[2]<<8|b[3]; u16 want=(u16)(c->blk+1); 
    if(bl!=want){ if((u16)(bl-want)<32768){ n_gap++; if(!c->gapacked){ c->gapacked=true; tftp_ack(c); } } else n_dupblk++; continue; }
    c->state=2; c->gapacked=false; int dl=n-4; if(filebuf){ if(c->got+dl>filelen||memcmp(filebuf+c->got,b+4,dl)) { n_vfail++; client_fail(c,"content mismatch"); return; } }
    c->got+=dl; rx_bytes+=dl; c->blk++; c->tblks++; c->tries=0; c->lastrx=tnow; 
    if(dl<c->bs){ ack_now(c,c->blk); if(filebuf&&c->got!=filelen){ n_vfail++; client_fail(c,"short file"); return; } cclose(c); phase_done(c); return; }
    if(++c->winpos>=c->ws) tftp_ack(c); } }
static void tftp_timeout(Cli*c){ int ph=plan[c->phase]; double t=now(); if(c->state==2&&t-c->lastrx<C.tftp_to){ tpush(c->lastrx+C.tftp_to,c); return; } if(++c->tries>C.maxtries){ client_fail(c,"tftp timeout"); return; } retx[ph]++; c->gapacked=false; if(c->state==1) tftp_rrq(c); else tftp_ack(c); tpush(now()+C.tftp_to,c); }

// ================= HTTP
static void http_path(Cli*c,char*host,int*port,u32*ip,char*path){ const char*u=NULL; int ph=plan[c->phase]; if(ph==P_SCRIPT) u=c->boot[0]&&!strncmp(c->boot,"http",4)?c->boot:C.script; else if(ph==P_KERNEL) u=c->kern[0]?c->kern:C.kernel; else u=c->init[0]?c->init:C.initrd; if(!u) u="/";
  *port=C.hport; *ip=server_ip; strcpy(host,C.server);
  if(!strncmp(u,"http://",7)){ const char*h=u+7; const char*s=strchr(h,'/'); int n=s?s-h:(int)strlen(h); char hp_[100]; if(n>99) n=99; memcpy(hp_,h,n); hp_[n]=0; char*col=strchr(hp_,':'); if(col){ *col=0; *port=atoi(col+1);} else *port=80; u32 x=inet_addr(hp_); if(x!=INADDR_NONE) *ip=x; strcpy(host,hp_); snprintf(path,1200,"%s",s?s:"/"); } else snprintf(path,1200,"%s%s",u[0]=='/'?"":"/",u); }
static void http_start(Cli*c){ char host[120],path[1200]; int port; u32 ip; http_path(c,host,&port,&ip,path); c->fd=socket(AF_INET,SOCK_STREAM|SOCK_NONBLOCK,0); if(c->fd<0){ client_fail(c,"socket"); return; } if(bind_client(c->fd,c)) note("bind leased ip: %s",strerror(errno));
  struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(port),.sin_addr.s_addr=ip}; int one=1; setsockopt(c->fd,IPPROTO_TCP,TCP_NODELAY,&one,4); if(connect(c->fd,(void*)&a,sizeof a)&&errno!=EINPROGRESS){ note("connect: %s",strerror(errno)); client_fail(c,"connect"); return; }
  if(!c->hbuf) c->hbuf=malloc(8192); c->hlen=snprintf(c->hbuf,8192,"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: iPXE/1.21.1\r\nConnection: close\r\n\r\n",path,host); c->hdr=false; c->blen=0; c->got=0; c->clen=0; c->connected=false; c->status=0; c->lastack=now();
  struct epoll_event e={.events=EPOLLOUT,.data.u32=c->idx}; epoll_ctl(ep,EPOLL_CTL_ADD,c->fd,&e); tpush(now()+C.http_to,c); }
// What iPXE would put for a variable of the first script's URL; nothing for what this machine does not know.
static void expand(Cli*c,const char*from,char*to,size_t room){
  char mac[18],uuid[37]; const u8*u=c->uuid; size_t n=0;
  snprintf(mac,18,"%02x:%02x:%02x:%02x:%02x:%02x",c->mac[0],c->mac[1],c->mac[2],c->mac[3],c->mac[4],c->mac[5]);
  snprintf(uuid,37,"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",u[0],u[1],u[2],u[3],u[4],u[5],u[6],u[7],u[8],u[9],u[10],u[11],u[12],u[13],u[14],u[15]);
  while(*from&&*from!=' '&&*from!='\n'&&n+64<room){
    if(from[0]!='$'||from[1]!='{'){ to[n++]=*from++; continue; }
    const char*e=strchr(from,'}'); if(!e) break; int l=(int)(e-from)-2; const char*k=from+2,*v="";
    if((l==3&&!strncmp(k,"mac",3))||(l==8&&!strncmp(k,"net0/mac",8))) v=mac; else if(l==4&&!strncmp(k,"uuid",4)) v=uuid; else if(!strncmp(k,"buildarch",9)) v="x86_64"; else if(!strncmp(k,"platform",8)) v="efi";
    n+=(size_t)snprintf(to+n,room-n,"%s",v); from=e+1; }
  to[n]=0; }
// The URL of the first line that begins with this command, options skipped.
static void url_of(const char*script,const char*command,char*to,size_t room,Cli*c){
  to[0]=0; for(const char*p=script;p;p=strchr(p,'\n')){ if(*p=='\n') p++; if(strncmp(p,command,strlen(command))) continue; const char*u=strstr(p,"http://"),*e=strchr(p,'\n'); if(u&&(!e||u<e)){ expand(c,u,to,room); return; } } }
static void http_finish(Cli*c){ if(!C.leased){ struct linger lg={1,0}; setsockopt(c->fd,SOL_SOCKET,SO_LINGER,&lg,sizeof lg); } cclose(c);
  // A script that only leads to the next one, as a server writes that asks the machine for its identity.
  if(plan[c->phase]==P_SCRIPT&&c->status==200){ const char*b=strstr(c->hbuf,"\r\n\r\n"); if(b){ char next[1100]; url_of(b+4,"kernel ",c->kern,sizeof c->kern,c); url_of(b+4,"initrd ",c->init,sizeof c->init,c); if(!c->kern[0]){ url_of(b+4,"chain ",next,sizeof next,c); if(next[0]&&c->chained++<2){ strcpy(c->boot,next); c->gen++; http_start(c); return; } c->status=599; } } }
  if(c->status!=200){ n_http_err++; char m[60]; snprintf(m,60,"HTTP status %d",c->status); client_fail(c,m); return; } phase_done(c); }
static u8 sink[1<<20];
static void http_ready(Cli*c,u32 ev){
  if(!c->connected){ int er=0; socklen_t l=4; getsockopt(c->fd,SOL_SOCKET,SO_ERROR,&er,&l); if(er){ n_http_err++; note("http connect: %s",strerror(er)); cclose(c); client_fail(c,"connect"); return; } c->connected=true; if(write(c->fd,c->hbuf,c->hlen)!=c->hlen){ n_http_err++; cclose(c); client_fail(c,"http write"); return; } c->hlen=0; struct epoll_event e={.events=EPOLLIN,.data.u32=c->idx}; epoll_ctl(ep,EPOLL_CTL_MOD,c->fd,&e); return; }
  (void)ev; c->lastack=now();
  for(int k=0;k<8;k++){
    if(!c->hdr){ int n=recv(c->fd,c->hbuf+c->hlen,8191-c->hlen,0); if(n<0&&errno==EAGAIN) return; if(n<=0){ n_http_err++; note("http: connection closed before headers (%s)",n?strerror(errno):"eof"); cclose(c); client_fail(c,"http eof"); return; } c->hlen+=n; c->hbuf[c->hlen]=0; char*e=strstr(c->hbuf,"\r\n\r\n"); if(!e){ if(c->hlen>=8190){ cclose(c); client_fail(c,"hdr"); } else continue; return; }
      sscanf(c->hbuf,"HTTP/1.%*c %d",&c->status); char*p=strcasestr(c->hbuf,"content-length:"); c->clen=p?strtoull(p+15,0,10):0; u64 body=c->hlen-(e+4-c->hbuf); rx_bytes+=body-c->blen; c->blen=body; c->got=body;
      if(plan[c->phase]==P_SCRIPT&&body<c->clen&&c->hlen<8190) continue; c->hdr=true;
    } else { int n=recv(c->fd,sink,sizeof sink,MSG_TRUNC); if(n<0&&errno==EAGAIN) return; if(n<=0){ if(c->got<c->clen){ n_http_err++; note("http: eof at %llu of %llu",(unsigned long long)c->got,(unsigned long long)c->clen); cclose(c); client_fail(c,"http short"); return; } http_finish(c); return; } c->got+=n; rx_bytes+=n; }
    if(c->hdr&&c->got>=c->clen){ http_finish(c); return; }
  } }
static void http_timeout(Cli*c){ double t=now(); if(t-c->lastack<C.http_to*0.9){ tpush(c->lastack+C.http_to,c); return; } cclose(c); n_http_err++; client_fail(c,"http timeout"); }

// ================= flow
static void phase_start(Cli*c){ c->t_phase=now(); switch(plan[c->phase]){ case P_DHCP1: case P_DHCP2: case P_RENEW: case P_RELEASE: dhcp_start(c); break; case P_TSIZE: case P_TFTP: tftp_start(c); break; case P_END: break; default: http_start(c); } }
static void client_end(Cli*c,bool ok){ c->active=false; c->gen++; c->done=true; c->failed=!ok; completed++; inflight--; if(ok) vadd(&total_lat,now()-c->t_start); }
static void phase_done(Cli*c){ int ph=plan[c->phase]; okc[ph]++; vadd(&lat[ph],now()-c->t_phase); c->gen++; c->phase++; if(plan[c->phase]==P_END) client_end(c,true); else phase_start(c); }
static void client_fail(Cli*c,const char*why){ int ph=plan[c->phase]; failc[ph]++; note("client %u phase %s: %s",c->idx,PN[ph],why); cclose(c); client_end(c,false); }
static void client_begin(Cli*c){ c->phase=0; c->active=true; c->done=c->failed=false; c->t_start=now(); c->fd=-1; c->kern[0]=c->init[0]=0; c->chained=0; started++; inflight++; phase_start(c); }

static u32 ipn(const char*s){ return ntohl(inet_addr(s)); }
int main(int argc,char**argv){
  if(argc<2) die("usage: netload dhcp|tftp|http|storm [--opt value]...");
  const char*mode=argv[1]; C.seed=getpid()&0x7f; int np=0;
  for(int i=2;i<argc;i++){ const char*k=argv[i]; 
#define S(name,f) if(!strcmp(k,name)){ C.f=argv[++i]; continue; }
#define I(name,f) if(!strcmp(k,name)){ C.f=atoi(argv[++i]); continue; }
#define D(name,f) if(!strcmp(k,name)){ C.f=atof(argv[++i]); continue; }
#define F(name,f) if(!strcmp(k,name)){ C.f=1; continue; }
    S("--if",ifname) S("--server",server) S("--file",file) S("--verify",verify) S("--script",script) S("--kernel",kernel) S("--initrd",initrd) I("--tftp-port",tport) I("--http-port",hport) I("--dhcp-port",dport) I("-n",n) I("-c",conc) I("--passes",passes) I("--blksize",blksize) I("--windowsize",win) I("--tries",maxtries) I("--arch",arch) I("--spread-ms",spread_ms) I("--limit-s",limit_s) D("--rate",rate) D("--dhcp-timeout",dhcp_to) D("--tftp-timeout",tftp_to) D("--http-timeout",http_to) D("--loss",loss) D("--rtt-ms",rtt) F("--broadcast-flag",bflag) F("--discover-only",discover_only) F("--leased-ip",leased) F("--backoff",backoff) F("--renew",renew) F("--release",release) F("--tsize-probe",tsize) F("--plain",plain) I("--seed",seed) I("--mac-base",macbase) F("--file-from-dhcp",fwd2) F("--seq-mac",seqmac) F("--spin",spin) F("--from-pool",frompool) D("--nak-delay",nakdelay)
    if(!strcmp(k,"--relay")){ C.relay=1; C.giaddr=inet_addr(argv[++i]); continue; }
    if(!strcmp(k,"--range")){ char t[64]; snprintf(t,64,"%s",argv[++i]); char*d=strchr(t,'-'); if(!d) die("--range lo-hi"); *d=0; C.lo=ipn(t); C.hi=ipn(d+1); continue; }
    die("unknown option %s",k); }
  C.rtt/=1e3; server_ip=inet_addr(C.server); int pi=0;
  if(!strcmp(mode,"dhcp")){ planbuf[pi++]=P_DHCP1; if(C.renew) planbuf[pi++]=P_RENEW; if(C.release) planbuf[pi++]=P_RELEASE; }
  else if(!strcmp(mode,"tftp")){ if(C.tsize) planbuf[pi++]=P_TSIZE; planbuf[pi++]=P_TFTP; if(!C.file) die("--file"); }
  else if(!strcmp(mode,"http")) planbuf[pi++]=P_KERNEL;
  else if(!strcmp(mode,"storm")){ planbuf[pi++]=P_DHCP1; if(C.tsize) planbuf[pi++]=P_TSIZE; planbuf[pi++]=P_TFTP; planbuf[pi++]=P_DHCP2; planbuf[pi++]=P_SCRIPT; planbuf[pi++]=P_KERNEL; planbuf[pi++]=P_INITRD; if(C.fwd2) C.file=NULL; }
  else die("mode?"); planbuf[pi]=P_END; plan=planbuf; (void)np;
  struct rlimit rl; getrlimit(RLIMIT_NOFILE,&rl); rl.rlim_cur=rl.rlim_max; setrlimit(RLIMIT_NOFILE,&rl);
  if(C.verify){ int fd=open(C.verify,O_RDONLY); struct stat st; if(fd<0||fstat(fd,&st)) die("--verify %s",C.verify); filelen=st.st_size; filebuf=mmap(0,filelen?filelen:1,PROT_READ,MAP_SHARED|MAP_POPULATE,fd,0); }
  ep=epoll_create1(0); owner=calloc(1<<22,4); lastip=calloc(C.n,4); cl=calloc(C.n,sizeof(Cli)); srand48(C.seed);
  bool dh=!strcmp(mode,"dhcp")||!strcmp(mode,"storm");
  if(dh){ if(C.relay){ ufd=socket(AF_INET,SOCK_DGRAM,0); int one=1,rb=64<<20; setsockopt(ufd,SOL_SOCKET,SO_REUSEADDR,&one,4); setsockopt(ufd,SOL_SOCKET,SO_RCVBUFFORCE,&rb,4); struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(67),.sin_addr.s_addr=C.giaddr}; if(bind(ufd,(void*)&a,sizeof a)) die("bind giaddr:67 %s",strerror(errno)); struct epoll_event e={.events=EPOLLIN,.data.u32=0xffffffff}; epoll_ctl(ep,EPOLL_CTL_ADD,ufd,&e); }
    else { if(!C.ifname) die("--if"); pkt_open(); struct epoll_event e={.events=EPOLLIN,.data.u32=0xfffffffe}; epoll_ctl(ep,EPOLL_CTL_ADD,pfd,&e); } }
  for(int i=0;i<C.n;i++){ Cli*c=&cl[i]; c->idx=i; c->fd=-1; u32 m=C.macbase+i; if(!C.seqmac) m=(m*0x9E3779B1u>>3)&0xffffff, m=((C.macbase+i)*0x5bd1e5u+0x3c6ef3u)&0xffffff; c->mac[0]=0x52;c->mac[1]=0x54;c->mac[2]=0x01;c->mac[3]=m>>16;c->mac[4]=m>>8;c->mac[5]=m; for(int j=0;j<16;j++) c->uuid[j]=j<10?0xa0+j:c->mac[j-10]; if(C.frompool&&C.lo){ c->yi=htonl(C.lo+(u32)i%1024); C.leased=1; } }
  double T0=now(),deadline=T0+C.limit_s; double busy_sent=0; (void)busy_sent; 
  int pass=0; double pass_t=T0; double pass_times[64]; int nextc=0;
  for(;;){
    double t=now(); if(t>deadline) break;
    // start clients
    while(nextc<C.n&&inflight<C.conc){ if(C.rate>0&&t-pass_t<nextc/C.rate) break; if(C.spread_ms&&t-pass_t<(double)C.spread_ms/1e3*nextc/C.n) break; client_begin(&cl[nextc++]); if((nextc&15)==0){ if(pfd>=0) pkt_ready(); if(ufd>=0) udp_ready(); } }
    if(nextc==C.n&&inflight==0){ if(pass<64) pass_times[pass]=now()-pass_t; if(++pass>=C.passes) break; pass_t=now(); nextc=0; for(int i=0;i<C.n;i++) cl[i].done=false; C.seed=(C.seed+1)&0x7f; continue; }
    int to=100; if(hn){ double d=hp[0].t-t; to=d<=0?0:(int)(d*1e3)+1; if(to>100) to=100; } if(nextc<C.n&&inflight<C.conc) to=(C.rate>0||C.spread_ms)?1:0;
    struct epoll_event ev[512]; double tw=to/1e3; if(dqh!=dqt){ double d=dq[dqh].t-t; if(d<tw) tw=d>0?d:0; } if(C.spin) tw=0; struct timespec ts={(time_t)tw,(long)((tw-(time_t)tw)*1e9)}; int n=epoll_pwait2(ep,ev,512,&ts,NULL); if(dq) dq_flush();
    for(int i=0;i<n;i++){ u32 d=ev[i].data.u32; if(d==0xffffffff) udp_ready(); else if(d==0xfffffffe) pkt_ready(); else { Cli*c=&cl[d]; if(!c->active||c->fd<0) continue; int ph=plan[c->phase]; if(ph==P_TFTP||ph==P_TSIZE) tftp_ready(c); else if(ph==P_SCRIPT||ph==P_KERNEL||ph==P_INITRD) http_ready(c,ev[i].events); } }
    t=now(); while(hn&&hp[0].t<=t){ Tm x=tpop(); Cli*c=&cl[x.idx]; if(!c->active||c->gen!=x.gen) continue; int ph=plan[c->phase]; switch(ph){ case P_DHCP1: case P_DHCP2: case P_RENEW: dhcp_timeout(c); break; case P_TSIZE: case P_TFTP: tftp_timeout(c); break; case P_RELEASE: case P_END: break; default: http_timeout(c); } }
  }
  double el=now()-T0; int ok=0; for(int i=0;i<C.n;i++) if(cl[i].done&&!cl[i].failed) ok++;
  struct rusage ru; getrusage(RUSAGE_SELF,&ru);
  printf("{\"mode\":\"%s\",\"n\":%d,\"c\":%d,\"passes\":%d,\"elapsed_s\":%.3f,\"clients_ok\":%d,\"clients_unfinished\":%d,\"rate_per_s\":%.1f,\"mb_per_s\":%.1f,\"rx_mb\":%.1f,\"gen_cpu_s\":%.2f",mode,C.n,C.conc,C.passes,el,ok,inflight+(C.n-nextc),(double)total_lat.n/el,rx_bytes/el/1e6,rx_bytes/1e6,ru.ru_utime.tv_sec+ru.ru_stime.tv_sec+(ru.ru_utime.tv_usec+ru.ru_stime.tv_usec)/1e6);
  if(C.passes>1){ printf(",\"pass_s\":["); for(int i=0;i<pass&&i<64;i++) printf("%s%.3f",i?",":"",pass_times[i]); printf("]"); }
  if(dh) printf(",\"offers\":%llu,\"acks\":%llu,\"naks\":%llu,\"dup_addresses\":%llu,\"ack_addr_mismatch\":%llu,\"addr_changed\":%llu,\"out_of_range\":%llu,\"bad_options\":%llu,\"no_bootfile\":%llu,\"late_or_extra\":%llu,\"stray\":%llu,\"wrong_chaddr\":%llu,\"reply_len\":[%llu,%llu],\"replies_bcast\":%llu,\"replies_unicast\":%llu",(unsigned long long)n_offers,(unsigned long long)n_acks,(unsigned long long)n_nak,(unsigned long long)n_dup,(unsigned long long)n_badaddr,(unsigned long long)n_changed,(unsigned long long)n_outofrange,(unsigned long long)n_badopt,(unsigned long long)n_noboot,(unsigned long long)n_otherrx,(unsigned long long)n_stray,(unsigned long long)n_wrongchaddr,(unsigned long long)(minlen==1<<30?0:minlen),(unsigned long long)maxlen,(unsigned long long)n_bcast,(unsigned long long)n_uni);
  printf(",\"tftp_errors\":%llu,\"http_errors\":%llu,\"content_mismatch\":%llu,\"dup_blocks\":%llu,\"gap_blocks\":%llu,\"sim_lost\":%llu",(unsigned long long)n_tftp_err,(unsigned long long)n_http_err,(unsigned long long)n_vfail,(unsigned long long)n_dupblk,(unsigned long long)n_gap,(unsigned long long)n_lossdrop);
  if(!strcmp(mode,"tftp")&&C.n) printf(",\"negotiated\":{\"blksize\":%d,\"windowsize\":%d}",cl[0].bs,cl[0].ws);
  printf(",\"retransmits\":{"); bool first=true; for(int i=0;i<NPHASE;i++) if(okc[i]||failc[i]||retx[i]){ printf("%s\"%s\":%llu",first?"":",",PN[i],(unsigned long long)retx[i]); first=false; } printf("},\"failed\":{"); first=true; for(int i=0;i<NPHASE;i++) if(okc[i]||failc[i]){ printf("%s\"%s\":%llu",first?"":",",PN[i],(unsigned long long)failc[i]); first=false; } printf("}");
  if(offer_lat.n) vjson("offer",&offer_lat); if(ack_lat.n) vjson("ack",&ack_lat); for(int i=0;i<NPHASE;i++) if(lat[i].n) vjson(PN[i],&lat[i]); vjson("total",&total_lat);
  printf(",\"first_error\":\"%s\"}\n",firsterr); return 0;
}
