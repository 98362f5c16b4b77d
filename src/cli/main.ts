process.stdout.write('crashcart: nothing to show yet.\n');
