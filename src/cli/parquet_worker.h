#pragma once
/*
 * `asof worker parquet FILE`, not for people: sends the file as CSV over its socket. Messages
 * (worker/message.h): FILE_OPEN with the number of rows (u64), FILE_ROWS with whole lines of text
 * (the first one is the header), FILE_DONE; or FAILED. A NULL is an empty cell, empty text a quoted
 * one; times are ISO 8601 in UTC; true and false are 1 and 0; whole doubles have no fraction.
 */
int parquet_worker_main(int socket, const char *path);
