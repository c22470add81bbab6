"""Answers that are kept in memory are never older than the last write, whoever made it."""

import threading

from arm import unique, wait_until


def test_an_answer_is_never_older_than_the_last_write(arm):
    name = unique("kept")
    path = arm.group_id(name)
    for number in range(30):
        arm.request("PUT", path, {"location": "eastus", "tags": {"number": str(number)}})
        for _ in range(2):
            assert arm.get(path)["tags"] == {"number": str(number)}
            listed = arm.list(f"{arm.subscription}/resourcegroups")
            assert [group["tags"] for group in listed if group["name"] == name] == [{"number": str(number)}]
    arm.request("DELETE", path, status=(200, 202))
    wait_until(lambda: arm.request("GET", path).status_code == 404, 10, "the group's deletion")


def test_readers_beside_a_writer_see_its_writes_in_order(arm):
    path = arm.group_id(unique("kept"))
    arm.request("PUT", path, {"location": "eastus", "tags": {"number": "0"}}, status=201)
    stop, seen = threading.Event(), [[] for _ in range(3)]

    def read(numbers):
        while not stop.is_set():
            numbers.append(int(arm.get(path)["tags"]["number"]))

    readers = [threading.Thread(target=read, args=(numbers,)) for numbers in seen]
    for reader in readers:
        reader.start()
    for number in range(1, 100):
        arm.request("PUT", path, {"location": "eastus", "tags": {"number": str(number)}}, status=200)
    stop.set()
    for reader in readers:
        reader.join()
    assert all(numbers and numbers == sorted(numbers) for numbers in seen)
    arm.request("DELETE", path, status=(200, 202))
