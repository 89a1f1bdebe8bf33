#!/usr/bin/env escript
%% SPDX-License-Identifier: MIT
%% Erlang at work: processes by the thousand, messages, links, timers, ports, files, tables.

say(What, Values) ->
    io:format("~s: ~0p~n", [What, Values]).

ring(0, First) -> receive Token -> First ! Token end;
ring(N, First) ->
    Next = spawn_link(fun() -> ring(N - 1, First) end),
    receive Token -> Next ! Token + 1 end.

collect(0, Sum) -> Sum;
collect(N, Sum) -> receive {result, X} -> collect(N - 1, Sum + X) end.

port_lines(Port, Lines) ->
    receive
        {Port, {data, {eol, Line}}} -> port_lines(Port, [Line | Lines]);
        {Port, {exit_status, Status}} -> {lists:reverse(Lines), Status}
    after 30000 -> timeout
    end.

main(_) ->
    say("arithmetic", [lists:foldl(fun(X, Y) -> X * Y end, 1, lists:seq(1, 100)) rem 1000003,
                       lists:sum([X * X || X <- lists:seq(1, 10000), X rem 3 =:= 0])]),
    Self = self(),
    [spawn(fun() -> Self ! {result, N rem 10} end) || N <- lists:seq(1, 50000)],
    say("processes", collect(50000, 0)),
    First = spawn_link(fun() -> ring(2000, Self) end),
    First ! 0,
    say("ring", receive Token -> Token after 30000 -> timeout end),
    process_flag(trap_exit, true),
    Failing = spawn_link(fun() -> exit(failed) end),
    say("link", receive {'EXIT', Failing, Why} -> Why after 10000 -> timeout end),
    {Pid, Ref} = spawn_monitor(fun() -> receive stop -> ok end end),
    Pid ! stop,
    say("monitor", receive {'DOWN', Ref, process, Pid, Reason} -> Reason after 10000 -> timeout end),
    erlang:send_after(20, Self, tick),
    say("timer", receive tick -> tick after 10000 -> timeout end),
    say("timeout", receive nothing -> nothing after 30 -> none end),
    Table = ets:new(table, [ordered_set, public]),
    Writers = [spawn_monitor(fun() -> [ets:insert(Table, {{W, N}, N}) || N <- lists:seq(1, 500)] end)
               || W <- lists:seq(1, 8)],
    [receive {'DOWN', R, process, P, _} -> ok end || {P, R} <- Writers],
    say("table", [ets:info(Table, size), ets:first(Table), ets:last(Table)]),
    say("command", os:cmd("echo $((6 * 7)); echo error >&2")),
    say("port", port_lines(open_port({spawn_executable, "/bin/sh"},
                [{args, ["-c", "seq 1 3; exit 9"]}, {line, 80}, exit_status]), [])),
    Cat = open_port({spawn, "cat"}, [binary, {packet, 2}]),
    port_command(Cat, <<"there and back">>),
    say("packet", receive {Cat, {data, Data}} -> Data after 10000 -> timeout end),
    port_close(Cat),
    Many = [open_port({spawn_executable, "/bin/sh"}, [{args, ["-c", "exit " ++ integer_to_list(N)]},
            exit_status]) || N <- lists:seq(1, 10)],
    say("statuses", [receive {P, {exit_status, S}} -> S after 30000 -> timeout end || P <- Many]),
    Folder = "/tmp/erlang",
    ok = filelib:ensure_dir(Folder ++ "/a/b"),
    File = Folder ++ "/a/file",
    ok = file:write_file(File, [integer_to_list(N) ++ "\n" || N <- lists:seq(1, 10000)]),
    {ok, Handle} = file:open(File, [read, write, raw, binary]),
    {ok, 4} = file:position(Handle, 4),
    say("read", file:read(Handle, 6)),
    ok = file:pwrite(Handle, 0, <<"X">>),
    ok = file:close(Handle),
    ok = file:make_symlink("file", Folder ++ "/a/link"),
    say("files", [filelib:file_size(Folder ++ "/a/link"), filelib:wildcard("**", Folder),
                  file:read_link(Folder ++ "/a/link"), file:read_file("/none")]),
    ok = file:rename(File, Folder ++ "/moved"),
    say("moved", [filelib:is_file(File), file:del_dir_r(Folder), filelib:is_dir(Folder)]),
    say("binary", erlang:crc32(zlib:gunzip(zlib:gzip(binary:copy(<<"text ">>, 20000))))),
    say("hash", erlang:phash2(lists:seq(1, 1000))),
    say("term", binary_to_term(term_to_binary({a, "b", [1.5, #{key => <<1, 2>>}]}))),
    say("caught", try (fun(X) -> 1 div X end)(0) catch error:What -> What end),
    halt(25).
