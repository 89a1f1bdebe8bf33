;;; SPDX-License-Identifier: MIT
;;; SBCL at work: bignums, the compiler, threads, processes, terminals, files, faults, collections.
(require :sb-posix)
(require :sb-bsd-sockets)

(defun say (what &rest values)
  (format t "~a: ~{~s~^ ~}~%" what values)
  (finish-output))

(defun fib (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))
(compile 'fib)
(say "fib" (fib 25) (mod (expt 3 1000) 1000007) (/ 10 4) (isqrt (expt 10 60)))
(say "float" (sqrt 2d0) (exp 1d0))

;; Threads, locks, conditions.
(let* ((lock (sb-thread:make-mutex)) (sum 0)
       (threads (loop for i below 8 collect
                  (let ((i i))
                    (sb-thread:make-thread
                     (lambda () (loop repeat 1000 do
                       (sb-thread:with-mutex (lock) (incf sum i))) i))))))
  (say "threads" (mapcar #'sb-thread:join-thread threads) sum))
(let ((gate (sb-thread:make-semaphore)) (done (sb-thread:make-semaphore)))
  (loop repeat 10 do
    (sb-thread:make-thread (lambda () (sb-thread:wait-on-semaphore gate)
                             (sb-thread:signal-semaphore done))))
  (sb-thread:signal-semaphore gate 10)
  (sb-thread:wait-on-semaphore done :n 10)
  (say "semaphore" (sb-thread:semaphore-count done)))
(say "timeout" (handler-case (sb-ext:with-timeout 0.1 (sleep 20)) (sb-ext:timeout () :timeout)))
(let* ((ready (sb-thread:make-semaphore))
       (thread (sb-thread:make-thread
                (lambda () (handler-case (progn (sb-thread:signal-semaphore ready) (loop (sleep 1)))
                             (error () :interrupted))))))
  (sb-thread:wait-on-semaphore ready)
  (sb-thread:interrupt-thread thread (lambda () (error "now")))
  (say "interrupt" (sb-thread:join-thread thread)))
(let ((rung (sb-thread:make-semaphore)))
  (sb-ext:schedule-timer (sb-ext:make-timer (lambda () (sb-thread:signal-semaphore rung))) 0.02)
  (sb-thread:wait-on-semaphore rung)
  (say "timer" t))

;; The collector moves things while threads make more.
(let ((threads (loop for i below 4 collect
                 (sb-thread:make-thread
                  (lambda () (let (kept)
                    (dotimes (n 200000 (length kept))
                      (push (list n (make-string 4)) kept)
                      (when (zerop (mod n 1000)) (setf kept nil)))))))))
  (sb-ext:gc :full t)
  (say "collector" (mapcar #'sb-thread:join-thread threads)))

;; Processes.
(defun output (program &rest arguments)
  (let* ((text (make-string-output-stream))
         (process (sb-ext:run-program program arguments :output text :search t)))
    (list (get-output-stream-string text) (sb-ext:process-exit-code process))))
(say "process" (output "sh" "-c" "seq 1 3; exit 7"))
(let ((cat (sb-ext:run-program "cat" nil :search t :input :stream :output :stream :wait nil)))
  (format (sb-ext:process-input cat) "there and back~%")
  (close (sb-ext:process-input cat))
  (say "pipe" (read-line (sb-ext:process-output cat)))
  (sb-ext:process-wait cat)
  (say "status" (sb-ext:process-status cat) (sb-ext:process-exit-code cat)))
(let ((sleeper (sb-ext:run-program "sleep" '("100") :search t :wait nil)))
  (sb-ext:process-kill sleeper 15)
  (sb-ext:process-wait sleeper)
  (say "killed" (sb-ext:process-status sleeper) (sb-ext:process-exit-code sleeper)))
(let ((shell (sb-ext:run-program "sh" '("-c" "stty -echo; test -t 0 && echo terminal; read x; echo got $x")
                                 :search t :wait nil :pty t)))
  (let ((pty (sb-ext:process-pty shell)))
    (say "pty" (string-right-trim '(#\Return) (read-line pty)))
    (format pty "words~%")
    (finish-output pty)
    (say "pty" (string-right-trim '(#\Return) (read-line pty))))
  (sb-ext:process-wait shell))
(let ((pid (sb-posix:fork)))
  (when (zerop pid)
    (sb-ext:exit :code 5 :abort t))
  (say "fork" (ash (nth-value 1 (sb-posix:waitpid pid 0)) -8)))

;; Sockets of the Unix family.
(let ((server (make-instance 'sb-bsd-sockets:local-socket :type :stream))
      (client (make-instance 'sb-bsd-sockets:local-socket :type :stream)))
  (sb-bsd-sockets:socket-bind server "/tmp/sbcl.sock")
  (sb-bsd-sockets:socket-listen server 5)
  (sb-bsd-sockets:socket-connect client "/tmp/sbcl.sock")
  (let ((met (sb-bsd-sockets:socket-accept server)))
    (sb-bsd-sockets:socket-send client "over a socket" nil)
    (say "socket" (sb-bsd-sockets:socket-receive met nil 13))))

;; Files, faults, streams.
(with-open-file (out "/tmp/lisp.txt" :direction :output :if-exists :supersede)
  (loop for i from 1 to 10000 do (format out "~d~%" i)))
(with-open-file (in "/tmp/lisp.txt")
  (file-position in 4)
  (say "file" (file-length in) (read-line in)
       (loop for line = (read-line in nil) while line sum (parse-integer line))))
(rename-file "/tmp/lisp.txt" "/tmp/moved.txt")
(say "moved" (probe-file "/tmp/lisp.txt") (pathname-name (probe-file "/tmp/moved.txt")))
(say "none" (handler-case (open "/none/none") (file-error () :none)))
(say "overflow" (handler-case (labels ((deep (n) (+ 1 (deep (+ n 1))))) (deep 0))
                  (storage-condition () :exhausted)))
(say "fault" (handler-case (sb-sys:sap-ref-8 (sb-sys:int-sap 8) 0)
               (sb-sys:memory-fault-error () :fault)))
(say "heap" (handler-case (length (make-array (ash 1 40))) (storage-condition () :exhausted)
              (error () :exhausted)))
(say "eval" (funcall (compile nil '(lambda (x) (declare (fixnum x)) (* x 6))) 7))
(sb-ext:save-lisp-and-die "/tmp/core.sbcl" :toplevel
  (lambda () (say "restarted" (fib 20)) (sb-ext:exit :code 26)))
