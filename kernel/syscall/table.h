/* SPDX-License-Identifier: MIT */
/*
 * syscall/table.h: every system call of Linux 6.1 for x86-64, one row each, in
 * the order of numbers. SYSCALL_TABLE(ROW) is all rows, for any macro
 *
 *   ROW(number, name, kind, arguments)
 *
 * kind: PLAIN is an ordinary handler, sys_NAME(); FULL one that needs all
 * registers of the program in its frame; NONE is not there: ENOSYS, told once on
 * the console. A comment behind a row says what is missing in a handler; or, after
 * "refused: ", with which errno and why it refuses everything. With NONE it begins
 * with the errno. tools/gen_syscalls puts it into docs/SYSCALLS.md.
 *
 * arguments, for the built-in strace: fd, dirfd, path and str (strings), in and
 * out (data, as long as the size that follows says, or as the result says), ptr,
 * hex, oct, int, uint and size (numbers), sig (a signal).
 */
#ifndef SYSCALL_TABLE_H
#define SYSCALL_TABLE_H

/* clang-format off */
#define SYSCALL_TABLE(ROW) \
	ROW(  0, read,                   PLAIN, "fd out size") \
	ROW(  1, write,                  PLAIN, "fd in size") \
	ROW(  2, open,                   PLAIN, "path hex oct") \
	ROW(  3, close,                  PLAIN, "fd") \
	ROW(  4, stat,                   PLAIN, "path out") \
	ROW(  5, fstat,                  PLAIN, "fd out") \
	ROW(  6, lstat,                  PLAIN, "path out") \
	ROW(  7, poll,                   PLAIN, "ptr uint int") \
	ROW(  8, lseek,                  PLAIN, "fd int uint") \
	ROW(  9, mmap,                   PLAIN, "ptr size hex hex fd hex") \
	ROW( 10, mprotect,               PLAIN, "ptr size hex") \
	ROW( 11, munmap,                 PLAIN, "ptr size") \
	ROW( 12, brk,                    PLAIN, "ptr") \
	ROW( 13, rt_sigaction,           PLAIN, "sig ptr ptr size") \
	ROW( 14, rt_sigprocmask,         PLAIN, "int ptr ptr size") \
	ROW( 15, rt_sigreturn,           FULL,  "") \
	ROW( 16, ioctl,                  PLAIN, "fd hex hex") \
	ROW( 17, pread64,                PLAIN, "fd out size int") \
	ROW( 18, pwrite64,               PLAIN, "fd in size int") \
	ROW( 19, readv,                  PLAIN, "fd ptr int") \
	ROW( 20, writev,                 PLAIN, "fd ptr int") \
	ROW( 21, access,                 PLAIN, "path oct") \
	ROW( 22, pipe,                   PLAIN, "ptr") \
	ROW( 23, select,                 PLAIN, "int ptr ptr ptr ptr") \
	ROW( 24, sched_yield,            PLAIN, "") \
	ROW( 25, mremap,                 PLAIN, "ptr size size hex ptr") \
	ROW( 26, msync,                  PLAIN, "ptr size hex") \
	ROW( 27, mincore,                PLAIN, "ptr size ptr") \
	ROW( 28, madvise,                PLAIN, "ptr size int") \
	ROW( 29, shmget,                 PLAIN, "int size oct") \
	ROW( 30, shmat,                  PLAIN, "int ptr hex") \
	ROW( 31, shmctl,                 PLAIN, "int int ptr") \
	ROW( 32, dup,                    PLAIN, "fd") \
	ROW( 33, dup2,                   PLAIN, "fd fd") \
	ROW( 34, pause,                  PLAIN, "") \
	ROW( 35, nanosleep,              PLAIN, "ptr ptr") \
	ROW( 36, getitimer,              PLAIN, "int ptr") \
	ROW( 37, alarm,                  PLAIN, "uint") \
	ROW( 38, setitimer,              PLAIN, "int ptr ptr") \
	ROW( 39, getpid,                 PLAIN, "") \
	ROW( 40, sendfile,               PLAIN, "fd fd ptr size") \
	ROW( 41, socket,                 PLAIN, "int hex int") /* AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; no other family */ \
	ROW( 42, connect,                PLAIN, "fd ptr int") \
	ROW( 43, accept,                 PLAIN, "fd ptr ptr") \
	ROW( 44, sendto,                 PLAIN, "fd in size hex ptr int") \
	ROW( 45, recvfrom,               PLAIN, "fd out size hex ptr ptr") \
	ROW( 46, sendmsg,                PLAIN, "fd ptr hex") \
	ROW( 47, recvmsg,                PLAIN, "fd ptr hex") \
	ROW( 48, shutdown,               PLAIN, "fd int") \
	ROW( 49, bind,                   PLAIN, "fd ptr int") \
	ROW( 50, listen,                 PLAIN, "fd int") \
	ROW( 51, getsockname,            PLAIN, "fd ptr ptr") \
	ROW( 52, getpeername,            PLAIN, "fd ptr ptr") \
	ROW( 53, socketpair,             PLAIN, "int hex int ptr") \
	ROW( 54, setsockopt,             PLAIN, "fd int int ptr int") /* some options are only kept: docs/caveats.md */ \
	ROW( 55, getsockopt,             PLAIN, "fd int int ptr ptr") \
	ROW( 56, clone,                  FULL,  "hex ptr ptr ptr hex") /* no namespaces; CLONE_IO copies the priority, which is not shared */ \
	ROW( 57, fork,                   FULL,  "") \
	ROW( 58, vfork,                  FULL,  "") \
	ROW( 59, execve,                 FULL,  "path ptr ptr") \
	ROW( 60, exit,                   FULL,  "int") \
	ROW( 61, wait4,                  PLAIN, "int ptr hex ptr") \
	ROW( 62, kill,                   PLAIN, "int sig") \
	ROW( 63, uname,                  PLAIN, "ptr") \
	ROW( 64, semget,                 PLAIN, "int int oct") \
	ROW( 65, semop,                  PLAIN, "int ptr uint") \
	ROW( 66, semctl,                 PLAIN, "int int int hex") \
	ROW( 67, shmdt,                  PLAIN, "ptr") \
	ROW( 68, msgget,                 PLAIN, "int oct") \
	ROW( 69, msgsnd,                 PLAIN, "int ptr size hex") \
	ROW( 70, msgrcv,                 PLAIN, "int ptr size int hex") \
	ROW( 71, msgctl,                 PLAIN, "int int ptr") \
	ROW( 72, fcntl,                  PLAIN, "fd int hex") \
	ROW( 73, flock,                  PLAIN, "fd int") \
	ROW( 74, fsync,                  PLAIN, "fd") \
	ROW( 75, fdatasync,              PLAIN, "fd") \
	ROW( 76, truncate,               PLAIN, "path int") \
	ROW( 77, ftruncate,              PLAIN, "fd int") \
	ROW( 78, getdents,               PLAIN, "fd ptr uint") \
	ROW( 79, getcwd,                 PLAIN, "out size") \
	ROW( 80, chdir,                  PLAIN, "path") \
	ROW( 81, fchdir,                 PLAIN, "fd") \
	ROW( 82, rename,                 PLAIN, "path path") \
	ROW( 83, mkdir,                  PLAIN, "path oct") \
	ROW( 84, rmdir,                  PLAIN, "path") \
	ROW( 85, creat,                  PLAIN, "path oct") \
	ROW( 86, link,                   PLAIN, "path path") \
	ROW( 87, unlink,                 PLAIN, "path") \
	ROW( 88, symlink,                PLAIN, "str path") \
	ROW( 89, readlink,               PLAIN, "path out size") \
	ROW( 90, chmod,                  PLAIN, "path oct") \
	ROW( 91, fchmod,                 PLAIN, "fd oct") \
	ROW( 92, chown,                  PLAIN, "path int int") \
	ROW( 93, fchown,                 PLAIN, "fd int int") \
	ROW( 94, lchown,                 PLAIN, "path int int") \
	ROW( 95, umask,                  PLAIN, "oct") \
	ROW( 96, gettimeofday,           PLAIN, "ptr ptr") \
	ROW( 97, getrlimit,              PLAIN, "uint ptr") \
	ROW( 98, getrusage,              PLAIN, "int ptr") \
	ROW( 99, sysinfo,                PLAIN, "ptr") \
	ROW(100, times,                  PLAIN, "ptr") \
	ROW(101, ptrace,                 PLAIN, "int int ptr ptr") \
	ROW(102, getuid,                 PLAIN, "") \
	ROW(103, syslog,                 PLAIN, "int out int") \
	ROW(104, getgid,                 PLAIN, "") \
	ROW(105, setuid,                 PLAIN, "int") \
	ROW(106, setgid,                 PLAIN, "int") \
	ROW(107, geteuid,                PLAIN, "") \
	ROW(108, getegid,                PLAIN, "") \
	ROW(109, setpgid,                PLAIN, "int int") \
	ROW(110, getppid,                PLAIN, "") \
	ROW(111, getpgrp,                PLAIN, "") \
	ROW(112, setsid,                 PLAIN, "") \
	ROW(113, setreuid,               PLAIN, "int int") \
	ROW(114, setregid,               PLAIN, "int int") \
	ROW(115, getgroups,              PLAIN, "int ptr") \
	ROW(116, setgroups,              PLAIN, "int ptr") \
	ROW(117, setresuid,              PLAIN, "int int int") \
	ROW(118, getresuid,              PLAIN, "ptr ptr ptr") \
	ROW(119, setresgid,              PLAIN, "int int int") \
	ROW(120, getresgid,              PLAIN, "ptr ptr ptr") \
	ROW(121, getpgid,                PLAIN, "int") \
	ROW(122, setfsuid,               PLAIN, "int") \
	ROW(123, setfsgid,               PLAIN, "int") \
	ROW(124, getsid,                 PLAIN, "int") \
	ROW(125, capget,                 PLAIN, "ptr ptr") \
	ROW(126, capset,                 PLAIN, "ptr ptr") \
	ROW(127, rt_sigpending,          PLAIN, "ptr size") \
	ROW(128, rt_sigtimedwait,        PLAIN, "ptr ptr ptr size") \
	ROW(129, rt_sigqueueinfo,        PLAIN, "int sig ptr") \
	ROW(130, rt_sigsuspend,          PLAIN, "ptr size") \
	ROW(131, sigaltstack,            PLAIN, "ptr ptr") \
	ROW(132, utime,                  PLAIN, "path ptr") \
	ROW(133, mknod,                  PLAIN, "path oct hex") \
	ROW(134, uselib,                 NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(135, personality,            PLAIN, "hex") /* ADDR_NO_RANDOMIZE and READ_IMPLIES_EXEC have an effect; the other bits are kept */ \
	ROW(136, ustat,                  PLAIN, "hex ptr") \
	ROW(137, statfs,                 PLAIN, "path ptr") \
	ROW(138, fstatfs,                PLAIN, "fd ptr") \
	ROW(139, sysfs,                  PLAIN, "int hex hex") \
	ROW(140, getpriority,            PLAIN, "int int") \
	ROW(141, setpriority,            PLAIN, "int int int") \
	ROW(142, sched_setparam,         PLAIN, "int ptr") \
	ROW(143, sched_getparam,         PLAIN, "int ptr") \
	ROW(144, sched_setscheduler,     PLAIN, "int int ptr") \
	ROW(145, sched_getscheduler,     PLAIN, "int") \
	ROW(146, sched_get_priority_max, PLAIN, "int") \
	ROW(147, sched_get_priority_min, PLAIN, "int") \
	ROW(148, sched_rr_get_interval,  PLAIN, "int ptr") \
	ROW(149, mlock,                  PLAIN, "ptr size") \
	ROW(150, munlock,                PLAIN, "ptr size") \
	ROW(151, mlockall,               PLAIN, "hex") \
	ROW(152, munlockall,             PLAIN, "") \
	ROW(153, vhangup,                PLAIN, "") \
	ROW(154, modify_ldt,             NONE,  "") /* ENOSYS: no local descriptor tables, as Linux without MODIFY_LDT_SYSCALL */ \
	ROW(155, pivot_root,             PLAIN, "path path") \
	ROW(156, _sysctl,                NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(157, prctl,                  PLAIN, "int hex hex hex hex") /* not PR_SET_MM, PR_SET_SYSCALL_USER_DISPATCH; PR_SET_TSC forbids nothing; policies for broken memory and write-back are kept */ \
	ROW(158, arch_prctl,             PLAIN, "hex hex") \
	ROW(159, adjtimex,               PLAIN, "ptr") /* what is set is kept, but tick and frequency change no rate, and an offset is a step */ \
	ROW(160, setrlimit,              PLAIN, "uint ptr") \
	ROW(161, chroot,                 PLAIN, "path") \
	ROW(162, sync,                   PLAIN, "") \
	ROW(163, acct,                   PLAIN, "path") /* refused: EPERM, for the privileged ENOSYS, as Linux without accounting */ \
	ROW(164, settimeofday,           PLAIN, "ptr ptr") \
	ROW(165, mount,                  PLAIN, "str path str hex ptr") /* new, bind, move, remount; one namespace, so that propagation does nothing */ \
	ROW(166, umount2,                PLAIN, "path hex") /* MNT_EXPIRE unmounts at the first call */ \
	ROW(167, swapon,                 PLAIN, "path hex") /* refused: EPERM, for the privileged ENOSYS: there is no swap */ \
	ROW(168, swapoff,                PLAIN, "path") /* refused: EPERM, for the privileged EINVAL: there is no swap */ \
	ROW(169, reboot,                 PLAIN, "hex hex hex ptr") \
	ROW(170, sethostname,            PLAIN, "in size") \
	ROW(171, setdomainname,          PLAIN, "in size") \
	ROW(172, iopl,                   PLAIN, "uint") /* refused: EPERM: ports are not given to programs; level 0 works */ \
	ROW(173, ioperm,                 PLAIN, "hex hex int") /* refused: EPERM: ports are not given to programs; taking them back works */ \
	ROW(174, create_module,          NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(175, init_module,            PLAIN, "ptr size str") /* refused: EPERM: there are no modules, kernel.modules_disabled is 1 */ \
	ROW(176, delete_module,          PLAIN, "str hex") /* refused: EPERM: there are no modules, kernel.modules_disabled is 1 */ \
	ROW(177, get_kernel_syms,        NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(178, query_module,           NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(179, quotactl,               PLAIN, "hex str int ptr") /* no filesystem has quotas: ENODEV or ENOTBLK; Q_SYNC of all works */ \
	ROW(180, nfsservctl,             NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(181, getpmsg,                NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(182, putpmsg,                NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(183, afs_syscall,            NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(184, tuxcall,                NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(185, security,               NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(186, gettid,                 PLAIN, "") \
	ROW(187, readahead,              PLAIN, "fd int size") \
	ROW(188, setxattr,               PLAIN, "path str ptr size hex") \
	ROW(189, lsetxattr,              PLAIN, "path str ptr size hex") \
	ROW(190, fsetxattr,              PLAIN, "fd str ptr size hex") \
	ROW(191, getxattr,               PLAIN, "path str ptr size") \
	ROW(192, lgetxattr,              PLAIN, "path str ptr size") \
	ROW(193, fgetxattr,              PLAIN, "fd str ptr size") \
	ROW(194, listxattr,              PLAIN, "path ptr size") \
	ROW(195, llistxattr,             PLAIN, "path ptr size") \
	ROW(196, flistxattr,             PLAIN, "fd ptr size") \
	ROW(197, removexattr,            PLAIN, "path str") \
	ROW(198, lremovexattr,           PLAIN, "path str") \
	ROW(199, fremovexattr,           PLAIN, "fd str") \
	ROW(200, tkill,                  PLAIN, "int sig") \
	ROW(201, time,                   PLAIN, "ptr") \
	ROW(202, futex,                  PLAIN, "ptr hex uint ptr ptr uint") \
	ROW(203, sched_setaffinity,      PLAIN, "int size ptr") \
	ROW(204, sched_getaffinity,      PLAIN, "int size ptr") \
	ROW(205, set_thread_area,        NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(206, io_setup,               PLAIN, "uint ptr") \
	ROW(207, io_destroy,             PLAIN, "hex") \
	ROW(208, io_getevents,           PLAIN, "hex int int ptr ptr") \
	ROW(209, io_submit,              PLAIN, "hex int ptr") /* requests are done as they are submitted; no IOCB_CMD_POLL; flags as preadv2 */ \
	ROW(210, io_cancel,              PLAIN, "hex ptr ptr") /* nothing is still to be done: EINVAL */ \
	ROW(211, get_thread_area,        NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(212, lookup_dcookie,         NONE,  "") /* ENOSYS, as Debian's Linux answers */ \
	ROW(213, epoll_create,           PLAIN, "int") \
	ROW(214, epoll_ctl_old,          NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(215, epoll_wait_old,         NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(216, remap_file_pages,       PLAIN, "ptr size hex int hex") /* within one mapping */ \
	ROW(217, getdents64,             PLAIN, "fd ptr uint") \
	ROW(218, set_tid_address,        PLAIN, "ptr") \
	ROW(219, restart_syscall,        PLAIN, "") \
	ROW(220, semtimedop,             PLAIN, "int ptr uint ptr") \
	ROW(221, fadvise64,              PLAIN, "fd int int int") \
	ROW(222, timer_create,           PLAIN, "int ptr ptr") \
	ROW(223, timer_settime,          PLAIN, "int hex ptr ptr") \
	ROW(224, timer_gettime,          PLAIN, "int ptr") \
	ROW(225, timer_getoverrun,       PLAIN, "int") \
	ROW(226, timer_delete,           PLAIN, "int") \
	ROW(227, clock_settime,          PLAIN, "int ptr") \
	ROW(228, clock_gettime,          PLAIN, "int ptr") \
	ROW(229, clock_getres,           PLAIN, "int ptr") \
	ROW(230, clock_nanosleep,        PLAIN, "int hex ptr ptr") \
	ROW(231, exit_group,             FULL,  "int") \
	ROW(232, epoll_wait,             PLAIN, "fd ptr int int") \
	ROW(233, epoll_ctl,              PLAIN, "fd int fd ptr") \
	ROW(234, tgkill,                 PLAIN, "int int sig") \
	ROW(235, utimes,                 PLAIN, "path ptr") \
	ROW(236, vserver,                NONE,  "") /* ENOSYS, as Linux 6.1 answers on x86-64 */ \
	ROW(237, mbind,                  PLAIN, "ptr size int ptr uint hex") /* one node: areas keep no policy of their own */ \
	ROW(238, set_mempolicy,          PLAIN, "int ptr uint") /* one node */ \
	ROW(239, get_mempolicy,          PLAIN, "ptr ptr uint ptr hex") /* one node; MPOL_F_ADDR tells the policy of the thread */ \
	ROW(240, mq_open,                PLAIN, "str hex oct ptr") \
	ROW(241, mq_unlink,              PLAIN, "str") \
	ROW(242, mq_timedsend,           PLAIN, "fd in size uint ptr") \
	ROW(243, mq_timedreceive,        PLAIN, "fd out size ptr ptr") \
	ROW(244, mq_notify,              PLAIN, "fd ptr") \
	ROW(245, mq_getsetattr,          PLAIN, "fd ptr ptr") \
	ROW(246, kexec_load,             PLAIN, "hex uint ptr hex") /* refused: EPERM: kernel.kexec_load_disabled is 1 */ \
	ROW(247, waitid,                 PLAIN, "int int ptr hex ptr") \
	ROW(248, add_key,                NONE,  "") /* ENOSYS: no keys are kept, as Linux without KEYS */ \
	ROW(249, request_key,            NONE,  "") /* ENOSYS: no keys are kept, as Linux without KEYS */ \
	ROW(250, keyctl,                 NONE,  "") /* ENOSYS: no keys are kept, as Linux without KEYS */ \
	ROW(251, ioprio_set,             PLAIN, "int int hex") /* kept, and nothing asks for it */ \
	ROW(252, ioprio_get,             PLAIN, "int int") \
	ROW(253, inotify_init,           PLAIN, "") \
	ROW(254, inotify_add_watch,      PLAIN, "fd path hex") \
	ROW(255, inotify_rm_watch,       PLAIN, "fd int") \
	ROW(256, migrate_pages,          PLAIN, "int uint ptr ptr") /* one node */ \
	ROW(257, openat,                 PLAIN, "dirfd path hex oct") \
	ROW(258, mkdirat,                PLAIN, "dirfd path oct") \
	ROW(259, mknodat,                PLAIN, "dirfd path oct hex") \
	ROW(260, fchownat,               PLAIN, "dirfd path int int hex") \
	ROW(261, futimesat,              PLAIN, "dirfd path ptr") \
	ROW(262, newfstatat,             PLAIN, "dirfd path out hex") \
	ROW(263, unlinkat,               PLAIN, "dirfd path hex") \
	ROW(264, renameat,               PLAIN, "dirfd path dirfd path") \
	ROW(265, linkat,                 PLAIN, "dirfd path dirfd path hex") \
	ROW(266, symlinkat,              PLAIN, "str dirfd path") \
	ROW(267, readlinkat,             PLAIN, "dirfd path out size") \
	ROW(268, fchmodat,               PLAIN, "dirfd path oct") \
	ROW(269, faccessat,              PLAIN, "dirfd path oct") \
	ROW(270, pselect6,               PLAIN, "int ptr ptr ptr ptr ptr") \
	ROW(271, ppoll,                  PLAIN, "ptr uint ptr ptr size") \
	ROW(272, unshare,                PLAIN, "hex") /* CLONE_FILES, CLONE_FS, CLONE_SYSVSEM; no namespaces */ \
	ROW(273, set_robust_list,        PLAIN, "ptr size") \
	ROW(274, get_robust_list,        PLAIN, "int ptr ptr") \
	ROW(275, splice,                 PLAIN, "fd ptr fd ptr size hex") \
	ROW(276, tee,                    PLAIN, "fd fd size hex") \
	ROW(277, sync_file_range,        PLAIN, "fd int int hex") /* always the whole file */ \
	ROW(278, vmsplice,               PLAIN, "fd ptr int hex") /* memory is copied, not lent */ \
	ROW(279, move_pages,             PLAIN, "int uint ptr ptr ptr hex") /* one node */ \
	ROW(280, utimensat,              PLAIN, "dirfd path ptr hex") \
	ROW(281, epoll_pwait,            PLAIN, "fd ptr int int ptr size") \
	ROW(282, signalfd,               PLAIN, "fd ptr size") \
	ROW(283, timerfd_create,         PLAIN, "int hex") \
	ROW(284, eventfd,                PLAIN, "uint") \
	ROW(285, fallocate,              PLAIN, "fd int int int") \
	ROW(286, timerfd_settime,        PLAIN, "fd hex ptr ptr") \
	ROW(287, timerfd_gettime,        PLAIN, "fd ptr") \
	ROW(288, accept4,                PLAIN, "fd ptr ptr hex") \
	ROW(289, signalfd4,              PLAIN, "fd ptr size hex") \
	ROW(290, eventfd2,               PLAIN, "uint hex") \
	ROW(291, epoll_create1,          PLAIN, "hex") \
	ROW(292, dup3,                   PLAIN, "fd fd hex") \
	ROW(293, pipe2,                  PLAIN, "ptr hex") \
	ROW(294, inotify_init1,          PLAIN, "hex") \
	ROW(295, preadv,                 PLAIN, "fd ptr int int hex") \
	ROW(296, pwritev,                PLAIN, "fd ptr int int hex") \
	ROW(297, rt_tgsigqueueinfo,      PLAIN, "int int sig ptr") \
	ROW(298, perf_event_open,        PLAIN, "ptr int int fd hex") /* refused: EACCES, for the privileged ENOENT: there are no counters */ \
	ROW(299, recvmmsg,               PLAIN, "fd ptr uint hex ptr") \
	ROW(300, fanotify_init,          PLAIN, "hex hex") /* refused: EPERM, for the privileged ENOSYS: only inotify tells */ \
	ROW(301, fanotify_mark,          PLAIN, "fd hex hex dirfd path") /* refused: EBADF or EINVAL: no descriptor is one of fanotify */ \
	ROW(302, prlimit64,              PLAIN, "int uint ptr ptr") \
	ROW(303, name_to_handle_at,      PLAIN, "dirfd path ptr ptr hex") /* files of tmpfs and devtmpfs; others EOPNOTSUPP */ \
	ROW(304, open_by_handle_at,      PLAIN, "fd ptr hex") /* refused: ESTALE: no filesystem finds a file by its handle */ \
	ROW(305, clock_adjtime,          PLAIN, "int ptr") /* as adjtimex; CLOCK_REALTIME only */ \
	ROW(306, syncfs,                 PLAIN, "fd") \
	ROW(307, sendmmsg,               PLAIN, "fd ptr uint hex") \
	ROW(308, setns,                  PLAIN, "fd hex") /* there is one namespace of each kind, in which one is */ \
	ROW(309, getcpu,                 PLAIN, "ptr ptr ptr") /* one node */ \
	ROW(310, process_vm_readv,       PLAIN, "int ptr uint ptr uint hex") \
	ROW(311, process_vm_writev,      PLAIN, "int ptr uint ptr uint hex") \
	ROW(312, kcmp,                   PLAIN, "int int int hex hex") \
	ROW(313, finit_module,           PLAIN, "fd str hex") /* refused: EPERM: there are no modules, kernel.modules_disabled is 1 */ \
	ROW(314, sched_setattr,          PLAIN, "int ptr hex") /* no SCHED_DEADLINE, no clamps */ \
	ROW(315, sched_getattr,          PLAIN, "int ptr uint hex") \
	ROW(316, renameat2,              PLAIN, "dirfd path dirfd path hex") \
	ROW(317, seccomp,                PLAIN, "uint hex ptr") /* no listeners (SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_RET_USER_NOTIF) */ \
	ROW(318, getrandom,              PLAIN, "out size hex") \
	ROW(319, memfd_create,           PLAIN, "str hex") \
	ROW(320, kexec_file_load,        PLAIN, "fd fd size str hex") /* refused: EPERM: kernel.kexec_load_disabled is 1 */ \
	ROW(321, bpf,                    PLAIN, "int ptr size") /* refused: EPERM, for the privileged ENOSYS: there is no such machine */ \
	ROW(322, execveat,               FULL,  "dirfd path ptr ptr hex") \
	ROW(323, userfaultfd,            PLAIN, "hex") /* refused: EPERM, for the privileged ENOSYS */ \
	ROW(324, membarrier,             PLAIN, "int hex int") \
	ROW(325, mlock2,                 PLAIN, "ptr size hex") \
	ROW(326, copy_file_range,        PLAIN, "fd ptr fd ptr size hex") /* the bytes are copied, never shared */ \
	ROW(327, preadv2,                PLAIN, "fd ptr int int hex hex") \
	ROW(328, pwritev2,               PLAIN, "fd ptr int int hex hex") \
	ROW(329, pkey_mprotect,          PLAIN, "ptr size hex int") /* key -1 only, as on a processor without keys */ \
	ROW(330, pkey_alloc,             PLAIN, "hex hex") /* refused: ENOSPC: as on a processor without keys */ \
	ROW(331, pkey_free,              PLAIN, "int") /* refused: EINVAL: as on a processor without keys */ \
	ROW(332, statx,                  PLAIN, "dirfd path hex hex ptr") \
	ROW(333, io_pgetevents,          PLAIN, "hex int int ptr ptr ptr") \
	ROW(334, rseq,                   PLAIN, "ptr uint int hex") \
	ROW(424, pidfd_send_signal,      PLAIN, "fd sig ptr hex") \
	ROW(425, io_uring_setup,         NONE,  "") /* ENOSYS: as Linux without IO_URING */ \
	ROW(426, io_uring_enter,         NONE,  "") /* ENOSYS: as Linux without IO_URING */ \
	ROW(427, io_uring_register,      NONE,  "") /* ENOSYS: as Linux without IO_URING */ \
	ROW(428, open_tree,              PLAIN, "dirfd path hex") \
	ROW(429, move_mount,             PLAIN, "dirfd path dirfd path hex") /* MOVE_MOUNT_SET_GROUP finds no groups: EINVAL */ \
	ROW(430, fsopen,                 PLAIN, "str hex") \
	ROW(431, fsconfig,               PLAIN, "fd int str ptr int") /* no filesystem has options that are files or bytes */ \
	ROW(432, fsmount,                PLAIN, "fd hex hex") \
	ROW(433, fspick,                 PLAIN, "dirfd path hex") \
	ROW(434, pidfd_open,             PLAIN, "int hex") \
	ROW(435, clone3,                 FULL,  "ptr size") /* no namespaces; CLONE_IO copies the priority; CLONE_INTO_CGROUP finds none */ \
	ROW(436, close_range,            PLAIN, "fd fd hex") \
	ROW(437, openat2,                PLAIN, "dirfd path ptr size") \
	ROW(438, pidfd_getfd,            PLAIN, "fd fd hex") \
	ROW(439, faccessat2,             PLAIN, "dirfd path oct hex") \
	ROW(440, process_madvise,        PLAIN, "fd ptr uint int hex") \
	ROW(441, epoll_pwait2,           PLAIN, "fd ptr int ptr ptr size") \
	ROW(442, mount_setattr,          PLAIN, "dirfd path hex ptr size") /* propagation has no effect; no idmapped mounts: EPERM */ \
	ROW(443, quotactl_fd,            PLAIN, "fd hex int ptr") /* no filesystem has quotas: ENOSYS */ \
	ROW(444, landlock_create_ruleset, PLAIN, "ptr size hex") /* refused: EOPNOTSUPP: switched off */ \
	ROW(445, landlock_add_rule,      PLAIN, "fd int ptr hex") /* refused: EOPNOTSUPP: switched off */ \
	ROW(446, landlock_restrict_self, PLAIN, "fd hex") /* refused: EOPNOTSUPP: switched off */ \
	ROW(447, memfd_secret,           NONE,  "") /* ENOSYS, as Debian's Linux answers, which does not switch it on */ \
	ROW(448, process_mrelease,       PLAIN, "fd hex") /* only checks: the memory of who is killed goes by itself */ \
	ROW(449, futex_waitv,            PLAIN, "ptr uint hex ptr int") \
	ROW(450, set_mempolicy_home_node, PLAIN, "ptr size int hex") /* one node: ENOENT, as no area has a policy */

#endif
