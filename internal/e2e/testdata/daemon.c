/*
 * daemon.c: what Fluent Bit does with an output in daemon mode (-d): it loads the library, forks, and starts in the child.
 * usage: daemon LIBRARY; prints what the child's calls log and return.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void log_print(int level, const char *file, int line, const char *format, ...)
{
    va_list args;

    (void) file;
    (void) line;
    printf("log %d ", level);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

static void *symbol(void *library, const char *name)
{
    void *found = dlsym(library, name);

    if (found == NULL) {
        fprintf(stderr, "no symbol %s\n", name);
        exit(2);
    }
    return found;
}

static void child(void *library, void *def)
{
    void *api[9] = {0}, *plugin[9] = {"panic", api};
    int (*init)(void *) = (int (*)(void *)) symbol(library, "FLBPluginInit");
    void (*pre_exit)(int) = (void (*)(int)) symbol(library, "FLBPluginOutputPreExit");
    int (*exit_ctx)(void *) = (int (*)(void *)) symbol(library, "FLBPluginExitCtx");
    int (*do_register)(void *) = (int (*)(void *)) symbol(library, "FLBPluginRegister");
    void (*unregister)(void *) = (void (*)(void *)) symbol(library, "FLBPluginUnregister");

    api[4] = (void *) log_print;
    printf("init %d\n", init(plugin));
    pre_exit(0);
    printf("exit %d\n", exit_ctx(NULL));
    printf("register %d\n", do_register(def));
    unregister(def);
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv)
{
    void *library = argc == 2 ? dlopen(argv[1], RTLD_LAZY) : NULL;
    void *def = calloc(1, 48);
    int status = -1;

    if (library == NULL || def == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
    printf("register %d\n", ((int (*)(void *)) symbol(library, "FLBPluginRegister"))(def));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20); /* a call that hangs */
        child(library, def);
    }
    waitpid(pid, &status, 0);
    fflush(stdout);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 3);
}
